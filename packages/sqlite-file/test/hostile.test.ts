import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SqliteFile, SqliteFileError, SqliteImage } from 'sqlite-file'
import { cpuMs } from '@shardyfusion/test-support/cpu-ms'
import { soak } from '@shardyfusion/test-support/soak'
import {
  flat,
  gathered,
  hex,
  key,
  keyValueFile,
  numbered,
  seeded,
  WatchedSource,
} from './support/files.js'
import { made } from './support/sqlite.js'

const MUTATIONS = soak(600, 10_000)
/** A file that takes more processor time than this to refuse or to read counts as a hang. */
const MAX_MS = 5_000

interface Case {
  readonly name: string
  readonly image: Uint8Array
  /** Reads everything there is, in every way. */
  readonly read: (image: Uint8Array) => Promise<void>
}

/** Reads tables of keys and values: all of it, some keys, by range and from memory. */
async function readKeyValue(image: Uint8Array): Promise<void> {
  const inMemory = new SqliteImage(image)
  inMemory.verify()
  const table = inMemory.keyValue('kv')
  const seen = flat(table.scan())
  ordered(seen)
  ordered(flat(table.scan({}, { reverse: true })).toReversed())
  for (let i = 0; i < 50; i++) table.get(key(i * 13))
  const file = await SqliteFile.open(new WatchedSource(image), { headBytes: 512, tailBytes: 0 })
  const byRange = file.keyValue('kv')
  await byRange.getMany(Array.from({ length: 50 }, (_, i) => key(i * 13)))
  assert.deepEqual(flat(await gathered(byRange.scan())), seen)
  await file.verify()
  file.close()
}

/** Reads every table and index by rows. */
async function readRows(image: Uint8Array): Promise<void> {
  const inMemory = new SqliteImage(image)
  inMemory.verify()
  const file = await SqliteFile.open(new WatchedSource(image), { headBytes: 512, tailBytes: 0 })
  for (const name of inMemory.schema.tableNames) {
    const rows = [...inMemory.table(name).rows()]
    assert.deepEqual((await gathered(file.table(name).scan())).flat(), rows)
    inMemory.table(name).get(7)
    for (const index of inMemory.table(name).info.indexes) {
      for (const entries of inMemory.table(name).index(index.name).scan()) {
        assert.ok(entries.length > 0)
      }
      inMemory.table(name).index(index.name).find(['name 7'])
    }
  }
  file.close()
}

function ordered(entries: readonly string[][]): void {
  for (let i = 1; i < entries.length; i++) assert.ok(entries[i - 1]![0]! < entries[i]![0]!)
}

async function cases(): Promise<Case[]> {
  const rows = made((db) => {
    db.exec('PRAGMA page_size = 512; CREATE TABLE t (id INTEGER PRIMARY KEY, name, size REAL)')
    db.exec('CREATE INDEX i ON t (name); BEGIN')
    for (let i = 0; i < 300; i++) {
      db.run('INSERT INTO t VALUES (?, ?, ?)', [i, `name ${i}`.repeat(1 + (i % 40)), i / 2])
    }
    db.exec('COMMIT')
  })
  const read = readKeyValue
  return [
    { name: 'short values', image: await keyValueFile(numbered(400, 40), 512), read },
    { name: 'overflow pages', image: await keyValueFile(numbered(40, 3000), 512), read },
    {
      name: 'long keys',
      image: await keyValueFile(
        numbered(60, 10).map(([k, v]) => [
          new Uint8Array(900).fill(1).map((x, i) => k[i - 892] ?? x),
          v,
        ]),
        1024,
      ),
      read,
    },
    { name: 'rows and an index', image: rows, read: readRows },
  ]
}

/** Changes a few bytes, most often those that say where others are. */
function mutated(image: Uint8Array, random: (below: number) => number): Uint8Array {
  const copy = image.slice()
  const pageSize = (copy[16]! << 8) | copy[17]!
  const pages = copy.length / pageSize
  for (let n = 1 + random(4); n > 0; n--) {
    const page = random(pages) * pageSize
    const kind = random(6)
    if (kind === 0) copy[random(copy.length)] = random(256)
    else if (kind === 1) copy[page + random(12)] = random(256)
    else if (kind === 2) copy[page + 8 + random(60)] = random(pages)
    else if (kind === 3) copy[random(100)] = random(256)
    else if (kind === 4) {
      // One page takes the place of another.
      const other = random(pages) * pageSize
      copy.copyWithin(page, other, other + pageSize)
    } else return copy.slice(0, random(copy.length))
  }
  return copy
}

for (const { name, image, read } of await cases()) {
  test(`damaged files, ${name}: an error or an answer, in bounded time`, async () => {
    await read(image)
    const random = seeded(0x51ed270b)
    let refused = 0
    for (let i = 0; i < MUTATIONS / 4; i++) {
      const damaged = mutated(image, random)
      const begun = cpuMs()
      try {
        await read(damaged)
      } catch (error) {
        if (!(error instanceof SqliteFileError)) throw error
        refused++
      }
      assert.ok(cpuMs() - begun < MAX_MS, `mutation ${i} took too long`)
    }
    assert.ok(refused > MUTATIONS / 40, `${refused} of ${MUTATIONS / 4} were refused`)
  })
}

test('a changed page number, key or length is refused, and the error names the page', async () => {
  const image = await keyValueFile(numbered(400, 40), 512)
  const pages = image.length / 512
  const root = (pages - 1) * 512
  const damage = (change: (copy: Uint8Array) => void): SqliteImage => {
    const copy = image.slice()
    change(copy)
    return new SqliteImage(copy)
  }
  const scanned = (file: SqliteImage) => () => flat(file.keyValue('kv').scan())
  const damages: [RegExp, (copy: Uint8Array) => void][] = [
    // The right child of the root is the root: a cycle.
    [
      /more than 20 levels|more than once|another level/,
      (copy) => new DataView(copy.buffer).setUint32(root + 8, pages),
    ],
    [/has \d+ pages/, (copy) => new DataView(copy.buffer).setUint32(root + 8, 100_000)],
    [/expected a page of an index b-tree/, (copy) => copy.fill(0, 512, 520)],
  ]
  for (const [message, change] of damages) {
    assert.throws(scanned(damage(change)), (error: SqliteFileError) => {
      assert.equal(error.code, 'DAMAGED')
      assert.match(error.message, message)
      assert.ok(error.page! >= 1)
      return true
    })
  }
})

test('files that are not SQLite, encrypted, cut off or of a later format say so', async () => {
  const image = await keyValueFile(numbered(10, 10))
  const code = (bytes: Uint8Array): string => {
    try {
      void new SqliteImage(bytes)
      return 'opened'
    } catch (error) {
      assert.ok(error instanceof SqliteFileError, String(error))
      return error.code
    }
  }
  const changed = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = image.slice()
    copy.set(bytes, at)
    return copy
  }
  assert.equal(code(new Uint8Array()), 'NOT_A_DATABASE')
  assert.equal(code(new Uint8Array(4096).fill(77)), 'NOT_A_DATABASE')
  assert.equal(code(image.subarray(0, 60)), 'NOT_A_DATABASE')
  assert.equal(code(image.subarray(0, 4096)), 'DAMAGED')
  assert.equal(code(changed(16, 3, 0)), 'DAMAGED')
  assert.equal(code(changed(18, 1, 3)), 'UNSUPPORTED')
  assert.equal(code(changed(44, 0, 0, 0, 9)), 'UNSUPPORTED')
  assert.equal(code(changed(20, 200, 60)), 'DAMAGED')
  assert.equal(code(changed(18, 2, 2)), 'opened')
  await assert.rejects(SqliteFile.open(new WatchedSource(new Uint8Array(300))), {
    code: 'NOT_A_DATABASE',
  })
})

test('verify finds what reading cannot: pages used twice or not at all, lost rows, indexes that disagree', async () => {
  const image = await keyValueFile(numbered(400, 40), 512)
  const pages = image.length / 512
  const twice = image.slice()
  // The right child of the root becomes its first child's page as well.
  const view = new DataView(twice.buffer)
  const root = (pages - 1) * 512
  view.setUint32(root + 8, view.getUint32(root + view.getUint16(root + 12)))
  const { ok, problems } = new SqliteImage(twice).verify()
  assert.equal(ok, false)
  assert.match(problems.join('\n'), /used twice/)

  const longer = new Uint8Array(image.length + 512)
  longer.set(image)
  new DataView(longer.buffer).setUint32(28, pages + 1)
  assert.deepEqual(new SqliteImage(longer).verify().problems, [`page ${pages + 1} is not used`])

  const lossy = made((db) => {
    db.exec('CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1), (2), (3)')
  })
  assert.equal(new SqliteImage(lossy).verify().ok, true)
  // The index loses its last entry.
  const index = new SqliteImage(lossy).schema.objects[1]!.rootPage
  lossy[(index - 1) * 4096 + 4] = 2
  assert.match(
    new SqliteImage(lossy).verify().problems.join('\n'),
    /has 2 entries, its table has 3/,
  )
})

test('a value that is changed in place is not detected: the format has no checksums', async () => {
  const image = await keyValueFile(numbered(10, 100))
  const copy = image.slice()
  // The last byte of the first page after the header is in the value of the first row.
  copy[2 * 4096 - 1] = 99
  const file = new SqliteImage(copy)
  assert.equal(file.verify().ok, true)
  assert.equal(hex(file.keyValue('kv').get(key(0)))!.slice(-2), '63')
})

const STATEMENT = `CREATE TABLE t (a INTEGER NOT NULL, b TEXT COLLATE NOCASE DEFAULT 'x' UNIQUE,
  c REFERENCES u(x) ON DELETE SET NULL MATCH FULL NOT DEFERRABLE INITIALLY DEFERRED, CONSTRAINT k PRIMARY KEY (a, b),
  UNIQUE (b) ON CONFLICT IGNORE, FOREIGN KEY (c) REFERENCES u (x), CHECK (a > 1)) WITHOUT ROWID`

test('a statement with a changed character or word is read or refused, never a loop', () => {
  const image = made((db) => db.exec(STATEMENT))
  const start = Buffer.from(image).indexOf(STATEMENT)
  const words = Array.from(STATEMENT.matchAll(/\w+|[(),']/g), ({ index, 0: word }) => [
    index,
    word.length,
  ])
  const places = [...words, ...Array.from({ length: STATEMENT.length }, (_, at) => [at, 1])]
  let read = 0
  for (const [at, length] of places) {
    for (const filler of ['q', ' ', '(', ',', "'"]) {
      const changed = image.slice()
      changed.fill(filler.charCodeAt(0), start + at!, start + at! + length!)
      try {
        new SqliteImage(changed).table('t')
        read++
      } catch (error) {
        assert.ok(error instanceof SqliteFileError, String(error))
      }
    }
  }
  assert.ok(read > 50, `${read} were read`)
})

test('texts that are not in the encoding of the file are replaced, or refused if asked', () => {
  for (const [encoding, bytes] of [
    ['UTF-8', '61ff'],
    ['UTF-16le', '610000d8'],
    ['UTF-16be', 'd800'],
    ['UTF-16le', '00d8'],
  ]) {
    const image = made((db) => {
      db.exec(`PRAGMA encoding = '${encoding}'; CREATE TABLE t (x TEXT)`)
      db.exec(`INSERT INTO t VALUES ('good'), (CAST(x'${bytes}' AS TEXT))`)
    })
    assert.equal([...new SqliteImage(image).table('t').rows()].length, 2)
    const strict = new SqliteImage(image, { malformedText: 'refuse' })
    assert.throws(() => [...strict.table('t').rows()], {
      code: 'DAMAGED',
      message: /text is not utf/,
    })
  }
})

test('records that share a chain of overflow pages are refused', () => {
  const image = made((db) => {
    db.exec('PRAGMA page_size = 512; CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID')
    for (const k of [1, 2, 3])
      db.run('INSERT INTO kv VALUES (?, zeroblob(40000))', [Uint8Array.of(k)])
  })
  const { rootPage } = new SqliteImage(image).schema.table('kv')
  const start = (rootPage - 1) * 512
  const view = new DataView(image.buffer, image.byteOffset)
  // A cell ends with the number of its first overflow page: those of the others become that of the first.
  const cells = [0, 1, 2].map((i) => view.getUint16(start + 8 + 2 * i))
  const ends = cells.map((at) => Math.min(512, ...cells.filter((other) => other > at)))
  const first = view.getUint32(start + ends[0]! - 4)
  for (const end of ends) view.setUint32(start + end - 4, first)
  // Without the chains that nothing refers to any longer.
  const pages = first + Math.ceil(40_000 / 508)
  view.setUint32(28, pages)
  const small = image.slice(0, pages * 512)
  assert.equal(new SqliteImage(small).keyValue('kv').get(Uint8Array.of(3))?.length, 40_000)
  const scan = (): unknown => flat(new SqliteImage(small).keyValue('kv').scan())
  assert.throws(scan, { code: 'DAMAGED', message: /more overflow pages than the file has/ })
})
