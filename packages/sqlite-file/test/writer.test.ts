import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  choosePageSize,
  EntryChunk,
  MemorySink,
  PageSizeChooser,
  SqliteFileWriter,
  SqliteImage,
  type WriterOptions,
} from 'sqlite-file'
import { asHex, flat, key, KV, keyValueFile, numbered } from './support/files.js'
import { integrity, query, withSqlite } from './support/sqlite.js'

function invalid(message: RegExp): object {
  return { name: 'SqliteFileError', code: 'INVALID_ARGUMENT', message }
}

test('the first page comes last, all others in order and without gaps', async () => {
  const writes: { offset: number; length: number }[] = []
  const parts: [number, Uint8Array][] = []
  let running = 0
  const writer = new SqliteFileWriter(
    {
      async write(bytes, offset) {
        assert.equal(running++, 0, 'one write at a time')
        writes.push({ offset, length: bytes.length })
        parts.push([offset, bytes])
        await new Promise((resolve) => setImmediate(resolve))
        running--
      },
    },
    { pageSize: 512, chunkBytes: 8192 },
  )
  const table = writer.createTable(KV)
  const rows = numbered(2000, 50)
  for (const [k, v] of rows) {
    table.put(k, v)
    await table.ready()
  }
  const { bytes, pageCount, pageSize } = await writer.finish()
  assert.equal(pageCount * pageSize, bytes)
  let end = pageSize
  for (const { offset, length } of writes.slice(0, -1)) {
    assert.equal(offset, end)
    assert.ok(length <= 8192)
    end += length
  }
  assert.equal(end, bytes)
  assert.deepEqual(writes.at(-1), { offset: 0, length: pageSize })
  const image = new Uint8Array(bytes)
  for (const [offset, part] of parts) image.set(part, offset)
  assert.equal(integrity(image), 'ok')
  assert.deepEqual(flat(new SqliteImage(image).keyValue('kv').scan()), asHex(rows))
})

test('interior pages lie together at the end of the file', async () => {
  const image = await keyValueFile(numbered(3000, 50), 512)
  const types = Array.from({ length: image.length / 512 - 1 }, (_, i) => image[(i + 1) * 512]!)
  const first = types.indexOf(2)
  assert.deepEqual(new Set(types.slice(0, first)), new Set([10]))
  assert.deepEqual(new Set(types.slice(first)), new Set([2]))
})

test('packed chunks are written as they are', async () => {
  const rows = numbered(5000, 30)
  const source = new SqliteImage(await keyValueFile(rows)).keyValue('kv')
  const sink = new MemorySink()
  const writer = new SqliteFileWriter(sink)
  const table = writer.createTable(KV)
  for (const [i, chunk] of [...source.scan()].entries()) {
    await table.putChunk(i % 2 === 0 ? chunk : chunk.buffer)
  }
  assert.equal(table.rows, 5000)
  await writer.finish()
  assert.deepEqual(flat(new SqliteImage(sink.image()).keyValue('kv').scan()), asHex(rows))
  assert.throws(() => new EntryChunk(new ArrayBuffer(64)), invalid(/not a packed chunk/))
})

test('integers and texts of each size are those that SQLite reads; numbers take the bytes of bigints', async () => {
  const edges = [0, 7, 8, 15, 16, 23, 24, 31, 32, 47, 48].flatMap((bits) => {
    const power = 2 ** bits
    return [power - 1, power, power + 1, -power, -power - 1, -power + 1]
  })
  const texts = [
    '',
    'a',
    'ü',
    'a'.repeat(48),
    'a'.repeat(49),
    `${'a'.repeat(40)}\u007f\u0080`,
    '😀 ok',
  ]
  const written = async (values: readonly (number | bigint | string)[]): Promise<Uint8Array> => {
    const sink = new MemorySink()
    const writer = new SqliteFileWriter(sink)
    const table = writer.createTable('CREATE TABLE t (id INTEGER PRIMARY KEY, value)')
    for (const [i, value] of values.entries()) table.add([i + 1, value])
    await writer.finish()
    return sink.image()
  }
  const image = await written([...edges, ...texts])
  assert.equal(integrity(image), 'ok')
  const stored = withSqlite(image, (db) => query(db, 'SELECT value FROM t ORDER BY id'))
  assert.deepEqual(stored.flat(), [...edges, ...texts])
  assert.deepEqual(image, await written([...edges.map(BigInt), ...texts]))
})

test('rows out of order, twice or of the wrong form are refused, and the file goes on without them', async () => {
  const sink = new MemorySink()
  const writer = new SqliteFileWriter(sink)
  const kv = writer.createTable(KV)
  kv.put(key(5), key(1))
  assert.throws(() => kv.put(key(4), key(2)), invalid(/ascending order.*comes before/))
  assert.throws(() => kv.put(key(5), key(2)), invalid(/has the key of/))
  assert.throws(() => kv.add([key(3), key(1)]), invalid(/comes before/))
  assert.throws(() => kv.add(['text', key(1)]), invalid(/the key to be a Uint8Array/))
  kv.add([Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5, 1), 'a text'])
  assert.throws(() => kv.put(key(5), key(2)), invalid(/comes before/))
  assert.throws(() => kv.add([key(6)]), invalid(/expected 2 values, got 1/))
  kv.put(key(6), key(3))
  const rows = writer.createTable(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b REAL)',
  )
  rows.add([10, 'x', 1])
  assert.throws(() => rows.add([10, 'y', 1]), invalid(/row ids in ascending order/))
  assert.throws(() => rows.add([11, null, 1]), invalid(/column a: expected a value/))
  assert.throws(() => rows.add([11, 5, 1]), invalid(/holds no numbers; write the string "5"/))
  assert.throws(() => rows.add([11, 'x', '1e3']), invalid(/no texts that read as numbers/))
  assert.throws(() => rows.add([11, 'x', Number.NaN]), invalid(/no NaN/))
  assert.throws(() => rows.add([11, 'x', 2n ** 63n]), invalid(/64 bits/))
  assert.throws(() => rows.add([0.5, 'x', 1]), invalid(/row id/))
  assert.throws(() => rows.put(key(1), key(1)), invalid(/use add/))
  rows.add([null, 'z', null])
  await writer.finish()
  const image = sink.image()
  assert.equal(integrity(image), 'ok')
  withSqlite(image, (db) => {
    assert.deepEqual(query(db, 'SELECT * FROM t'), [
      [10, 'x', 1],
      [11, 'z', null],
    ])
    assert.deepEqual(query(db, 'SELECT k, v FROM kv').length, 3)
  })
  assert.throws(() => kv.put(key(9), key(9)), invalid(/finished/))
  await assert.rejects(writer.finish(), { code: 'CLOSED' })
})

test('unique keys are held, in indexes that SQLite would have made', async () => {
  const sink = new MemorySink()
  const writer = new SqliteFileWriter(sink, { pageSize: 512 })
  const table = writer.createTable(
    'CREATE TABLE t (name TEXT PRIMARY KEY COLLATE NOCASE, n INTEGER, UNIQUE (n, name), UNIQUE (name COLLATE BINARY))',
  )
  for (let i = 0; i < 500; i++) table.add([`Name ${(i * 7919) % 1009}`, i % 3 === 0 ? null : i])
  await writer.finish()
  const image = sink.image()
  assert.equal(integrity(image), 'ok')
  withSqlite(image, (db) => {
    assert.deepEqual(query(db, "SELECT n FROM t WHERE name = 'NAME 856'"), [[1]])
    db.run("INSERT INTO t VALUES ('another', 9999)")
    assert.throws(() => db.run("INSERT INTO t VALUES ('ANOTHER', 1)"), /UNIQUE/)
    assert.deepEqual(query(db, 'PRAGMA integrity_check'), [['ok']])
  })
  const twice = new SqliteFileWriter(new MemorySink())
  const unique = twice.createTable('CREATE TABLE t (a UNIQUE)')
  for (const value of [1, null, null, 1]) unique.add([value])
  await assert.rejects(twice.finish(), invalid(/unique values/))
})

test('a schema larger than a page, and one with long statements, are written', async () => {
  for (const pageSize of [512, 4096]) {
    const sink = new MemorySink()
    const writer = new SqliteFileWriter(sink, { pageSize })
    for (let i = 0; i < 30; i++) {
      const note = '-'.repeat(i % 4 === 0 ? 2000 : 10)
      writer.createTable(`CREATE TABLE t${i} (a, b /* ${note} */)`).add([i, `row of ${i}`])
    }
    await writer.finish()
    const image = sink.image()
    assert.equal(integrity(image), 'ok')
    const file = new SqliteImage(image)
    assert.equal(file.verify().ok, true)
    assert.deepEqual([...file.table('t17').rows()], [[17, 'row of 17']])
    withSqlite(image, (db) => {
      assert.deepEqual(query(db, 'SELECT count(*) FROM sqlite_master'), [[30]])
      assert.deepEqual(query(db, 'SELECT * FROM t29'), [[29, 'row of 29']])
    })
  }
})

test('errors of the sink reach the writer', async () => {
  const full = new Error('disk full')
  const writer = new SqliteFileWriter(
    { write: () => Promise.reject(full) },
    { pageSize: 512, chunkBytes: 512 },
  )
  const table = writer.createTable(KV)
  await assert.rejects(async () => {
    for (const [k, v] of numbered(10_000, 50)) {
      table.put(k, v)
      await table.ready()
    }
  }, full)
  await assert.rejects(writer.finish(), full)
  const throwing = new SqliteFileWriter({
    write() {
      throw full
    },
  })
  throwing.createTable(KV)
  await assert.rejects(throwing.finish(), full)
})

test('options and statements are checked', () => {
  const made = (options: WriterOptions) => () => new SqliteFileWriter(new MemorySink(), options)
  assert.throws(made({ pageSize: 1000 }), invalid(/pageSize \(bytes\) to be one of 512/))
  assert.throws(made({ chunkBytes: 0 }), invalid(/chunkBytes/))
  assert.throws(made({ userVersion: 2 ** 40 }), invalid(/userVersion/))
  const writer = new SqliteFileWriter(new MemorySink())
  writer.createTable('CREATE TABLE t (a)')
  assert.throws(() => writer.createTable('CREATE TABLE T (b)'), invalid(/created already/))
  assert.throws(
    () => writer.createTable('CREATE TABLE IF NOT EXISTS u (a)'),
    invalid(/of the form/),
  )
  assert.throws(() => writer.createTable('CREATE VIEW v AS SELECT 1'), invalid(/of the form/))
  assert.throws(() => writer.createIndex('CREATE INDEX i ON missing (a)'), { code: 'NOT_FOUND' })
  assert.throws(() => writer.createTable('CREATE TABLE u (a'), { code: 'UNSUPPORTED' })
})

test('the page size is the smallest that holds most rows without overflow pages', () => {
  assert.equal(choosePageSize(8, 100), 4096)
  assert.equal(choosePageSize(8, 982), 4096)
  assert.equal(choosePageSize(8, 983), 8192)
  assert.equal(choosePageSize(8, 16_397), 65536)
  assert.equal(choosePageSize(8, 1 << 20), 65536)
  const chooser = new PageSizeChooser()
  assert.equal(chooser.pageSize, 4096)
  for (let i = 0; i < 950; i++) chooser.add(8, 100)
  for (let i = 0; i < 50; i++) chooser.add(8, 5000)
  assert.equal(chooser.pageSize, 4096)
  chooser.add(8, 5000)
  assert.equal(chooser.pageSize, 32768)
})
