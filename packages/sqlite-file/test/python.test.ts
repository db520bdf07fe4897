import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Row, SqliteFile, SqliteFileWriter, SqliteImage } from 'sqlite-file'
import { createFileSink, openFileSource } from 'sqlite-file/node'
import { IS_SOAK } from '@shardyfusion/test-support/soak'
import { cell, parsedCell, type Tables, withExchange } from './support/exchange.js'
import { gathered, KV, numbered } from './support/files.js'

withExchange('files exchanged with SQLite in Python', (exchange) => {
  test('files SQLite writes are read equal: page sizes, UTF-16, reserved bytes, vacuum, WAL mode', async (t) => {
    const folder = await tempDir(t)
    exchange.make(folder)
    const names = (await readdir(folder)).filter((name) => name.endsWith('.db'))
    assert.equal(names.length, 20)
    for (const name of names) {
      const path = join(folder, name)
      const json = await readFile(path.replace(/db$/, 'json'), 'utf8')
      const expected = JSON.parse(json) as Tables
      const image = new SqliteImage(await readFile(path), { integers: 'bigint' })
      assert.deepEqual(image.verify().problems, [], name)
      await using source = await openFileSource(path)
      await using file = await SqliteFile.open(source, {
        integers: 'bigint',
        headBytes: 512,
        tailBytes: 0,
      })
      assert.deepEqual((await file.verify()).problems, [], name)
      for (const [table, rows] of Object.entries(expected)) {
        const wanted = rows.map((row) => row.map(parsedCell))
        const found = [...image.table(table).rows()].map((row) => row.map(cell))
        assert.deepEqual(found, wanted, `${name} ${table}`)
        const scan = file.table(table).scan({}, { reverse: true })
        const backwards = (await gathered(scan)).flat().map((row) => row.map(cell))
        assert.deepEqual(backwards, wanted.toReversed(), `${name} ${table} backwards`)
      }
      await lookUp(name, image, file)
    }
  })

  test('files written here pass the check of both libraries, with tables and indexes of every kind', async (t) => {
    const folder = await tempDir(t)
    const paths: string[] = []
    const expected: Tables[] = []
    for (const pageSize of [512, 4096, 65536]) {
      for (const rows of [0, 1, 2, 50, 1200]) {
        const path = join(folder, `${pageSize}-${rows}.db`)
        expected.push(await writeAll(path, pageSize, rows))
        paths.push(path)
      }
    }
    for (const [i, checked] of exchange.check(paths).entries()) {
      const pageSize = Number(paths[i]!.split('/').at(-1)!.split('-')[0])
      assert.deepEqual(checked.integrity, ['ok', 'ok'], paths[i])
      assert.deepEqual(checked.pragmas, {
        page_size: pageSize,
        application_id: 0x5346,
        user_version: 7,
        encoding: 'UTF-8',
        freelist_count: 0,
      })
      for (const [table, rows] of Object.entries(expected[i]!)) {
        const found = checked.tables[table]!.map((row) => row.map(parsedCell))
        assert.deepEqual(found, rows, `${paths[i]} ${table}`)
      }
    }
  })

  test(
    'a file of more than 1 GiB leaves out the page that SQLite locks',
    { skip: !IS_SOAK },
    async (t) => {
      const folder = await tempDir(t)
      const path = join(folder, 'large.db')
      const sink = await createFileSink(path)
      const writer = new SqliteFileWriter(sink, { pageSize: 65536 })
      const table = writer.createTable(KV)
      const value = new Uint8Array(5 << 20)
      for (const [key] of numbered(220, 0)) {
        table.put(key, value)
        await table.ready()
      }
      const { pageCount } = await writer.finish()
      await sink.close()
      assert.ok(pageCount > 16385)
      assert.deepEqual(exchange.integrity(path), ['ok', 'ok'])
      await using source = await openFileSource(path)
      await using file = await SqliteFile.open(source)
      const { problems, counts } = await file.verify()
      assert.deepEqual(problems, [])
      assert.deepEqual(counts, { kv: 220 })
    },
  )
})

/** Looks rows up by row id, by primary key and through indexes. */
async function lookUp(name: string, image: SqliteImage, file: SqliteFile): Promise<void> {
  const plain = [...image.table('plain').rows()]
  const sample = plain.filter((_, i) => i % 7 === 0)
  const ids = sample.map(([id]) => id!)
  assert.deepEqual(await file.table('plain').getMany(ids), sample, name)
  assert.equal(await file.table('plain').get(1_000_000_007), undefined)
  for (const row of sample) {
    const byData = await file.table('plain').index('by_data').find([row[3]!])
    const same = plain.filter((other) => Buffer.compare(other[3] as Buffer, row[3] as Buffer) === 0)
    assert.deepEqual(byData, same, `${name} by_data`)
    const byName = image.table('plain').index('by_name').find([row[1]!])
    // SQLite compares texts without case up to a NUL, then their lengths.
    const folded = (other: Row): string => {
      const text = lowerCase(other[1] as string)
      const at = text.indexOf('\0')
      return at < 0 ? text : `${text.slice(0, at)}\0${Buffer.byteLength(text)}`
    }
    const named = plain.filter((other) => folded(other) === folded(row))
    assert.deepEqual(new Set(byName.map(([id]) => id)), new Set(named.map(([id]) => id)), name)
  }
  for (const row of [...image.table('keyed').rows()].filter((_, i) => i % 11 === 0)) {
    assert.deepEqual(await file.table('keyed').get([row[1]!, row[0]!]), row, `${name} keyed`)
    assert.deepEqual(image.table('keyed').index('by_z').find([row[2]!, row[0]!]), [row])
  }
  for (const row of [...image.table('uniques').rows()].filter((_, i) => i % 11 === 0)) {
    for (const [index, values] of [
      ['sqlite_autoindex_uniques_1', [row[0]!]],
      ['sqlite_autoindex_uniques_2', [row[1]!]],
      ['sqlite_autoindex_uniques_3', [row[2]!, row[1]!]],
    ] as const) {
      assert.deepEqual(await file.table('uniques').index(index).find(values), [row], name)
    }
  }
}

function lowerCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Writes a file with every kind of table; gives its rows. */
async function writeAll(path: string, pageSize: number, rows: number): Promise<Tables> {
  await using sink = await createFileSink(path)
  const writer = new SqliteFileWriter(sink, {
    pageSize,
    chunkBytes: 65536,
    applicationId: 0x5346,
    userVersion: 7,
  })
  const kv = writer.createTable(KV)
  const plain = writer.createTable(
    'CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size REAL, "any thing")',
  )
  const unnamed = writer.createTable('CREATE TABLE unnamed (a, b TEXT UNIQUE);')
  const keyed = writer.createTable(
    'CREATE TABLE keyed (x TEXT, y INTEGER, z, PRIMARY KEY (y DESC, x)) WITHOUT ROWID',
  )
  const byName = writer.createIndex('CREATE INDEX by_name ON plain (name DESC)')
  const expected: Tables = { kv: [], plain: [], unnamed: [], keyed: [] }
  const note = (table: string, values: Row): void => {
    expected[table]!.push(
      values.map((value) => cell(Number.isSafeInteger(value) ? BigInt(value as number) : value)),
    )
  }
  for (const [key, value] of numbered(rows, 40)) {
    kv.put(key, value)
    note('kv', [key, value])
  }
  const name = (i: number): string => `row ${String(rows - i).padStart(6, '0')} é`
  for (let i = 0; i < rows; i++) {
    const any = [null, 2n ** 62n, -1, 'text'.repeat(i % 300), new Uint8Array((i * i) % 9000)][
      i % 5
    ]!
    plain.add([i * i - 100, name(i), i + 0.5, any])
    note('plain', [i * i - 100, name(i), i + 0.5, any])
    unnamed.add([i, i % 4 === 0 ? null : `unique ${(i * 7919) % 100_003}`])
    note('unnamed', [i, i % 4 === 0 ? null : `unique ${(i * 7919) % 100_003}`])
    keyed.add([`${i % 2}`, rows - Math.floor(i / 2), 'z'.repeat(i % 2000)])
    note('keyed', [`${i % 2}`, rows - Math.floor(i / 2), 'z'.repeat(i % 2000)])
    await plain.ready()
  }
  // Names fall as row ids rise, and the index is descending.
  for (let i = 0; i < rows; i++) byName.add([name(i), i * i - 100])
  await writer.finish()
  return expected
}

async function tempDir(t: { after(f: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sqlite-file-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
