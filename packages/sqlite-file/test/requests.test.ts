import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { afterEach, test } from 'node:test'
import { cacheStats, setCacheBudget, SqliteFile } from 'sqlite-file'
import {
  asHex,
  flat,
  gathered,
  hex,
  key,
  keyValueFile,
  numbered,
  WatchedSource,
} from './support/files.js'

const ROWS = numbered(20_000, 100)
const IMAGE = await keyValueFile(ROWS)
const COLD = { headBytes: 512, tailBytes: 0 }

afterEach(() => setCacheBudget(64 << 20))

test('open takes one round trip, and brings the interior pages at the end of the file along', async () => {
  const source = new WatchedSource(IMAGE)
  const file = await SqliteFile.open(source)
  assert.equal(source.rounds, 1)
  assert.deepEqual(
    source.reads.map(({ length }) => length),
    [64 << 10, 256 << 10],
  )
  // A lookup then costs one leaf.
  source.reset()
  assert.equal(hex(await file.keyValue('kv').get(key(7000))), hex(ROWS[7000]![1]))
  assert.deepEqual(
    source.reads.map(({ length }) => length),
    [4096],
  )
  file.close()
})

test('a small file comes with one request', async () => {
  const source = new WatchedSource(await keyValueFile(numbered(100, 100)))
  const file = await SqliteFile.open(source)
  assert.equal((await gathered(file.keyValue('kv').scan())).length, 1)
  assert.equal(source.reads.length, 1)
  assert.deepEqual(file.stats, { requests: 1, bytes: source.size })
  file.close()
})

test('getMany takes a round trip for each level, neighbours in one request', async () => {
  const source = new WatchedSource(IMAGE)
  const file = await SqliteFile.open(source, { ...COLD, maxGapBytes: 4096 })
  source.reset()
  const table = file.keyValue('kv')
  const wanted = Array.from({ length: 100 }, (_, i) => ROWS[i * 197]!)
  const values = await table.getMany([...wanted.map(([k]) => k), key(1 << 30)])
  assert.deepEqual(values.map(hex), [...wanted.map(([, v]) => hex(v)), undefined])
  assert.equal(source.rounds, 3)
  // Once more: all is cached, and peek says so.
  source.reset()
  assert.deepEqual(
    (await table.getMany(wanted.map(([k]) => k))).map(hex),
    wanted.map(([, v]) => hex(v)),
  )
  assert.equal(hex(table.peek(wanted[3]![0])!), hex(wanted[3]![1]))
  assert.equal(source.reads.length, 0)
  // Rows that follow one another lie on neighbouring pages: one request.
  const run = ROWS.slice(5000, 5200)
  await table.getMany(run.map(([k]) => k))
  assert.equal(source.reads.length, 1)
  file.close()
})

test('calls for the same page at the same time ask the source once', async () => {
  const source = new WatchedSource(IMAGE)
  const file = await SqliteFile.open(source)
  source.reset()
  const table = file.keyValue('kv')
  const values = await Promise.all(Array.from({ length: 50 }, () => table.get(key(9000))))
  assert.deepEqual(new Set(values.map(hex)), new Set([hex(ROWS[9000]![1])]))
  assert.equal(source.reads.length, 1)
  file.close()
})

test('readMany is given all ranges of a round', async () => {
  const rounds: number[] = []
  const source = {
    size: IMAGE.length,
    read: async (offset: number, length: number) => IMAGE.slice(offset, offset + length),
    readMany: async (ranges: readonly { offset: number; length: number }[]) => {
      rounds.push(ranges.length)
      return ranges.map(({ offset, length }) => IMAGE.slice(offset, offset + length))
    },
  }
  const file = await SqliteFile.open(source, { maxGapBytes: 0 })
  const keys = Array.from({ length: 20 }, (_, i) => key(1000 + i * 900))
  const values = await file.keyValue('kv').getMany(keys)
  assert.deepEqual(
    values.map(hex),
    keys.map((_, i) => hex(ROWS[1000 + i * 900]![1])),
  )
  assert.deepEqual(rounds, [20])
  file.close()
})

for (const reverse of [false, true]) {
  test(`a scan ${reverse ? 'against the order ' : ''}reads ahead: large requests, few rounds, no page twice`, async () => {
    const source = new WatchedSource(IMAGE)
    const file = await SqliteFile.open(source)
    source.reset()
    const entries = flat(await gathered(file.keyValue('kv').scan({}, { reverse })))
    assert.deepEqual(entries, reverse ? asHex(ROWS).toReversed() : asHex(ROWS))
    assert.ok(source.reads.length <= 12, `${source.reads.length} requests`)
    const bytes = source.reads.reduce((sum, { length }) => sum + length, 0)
    assert.ok(bytes <= IMAGE.length)
    file.close()
  })
}

test('a bounded scan reads no further than its range', async () => {
  const source = new WatchedSource(IMAGE)
  const file = await SqliteFile.open(source)
  source.reset()
  const scan = file.keyValue('kv').scan({ start: key(5000), end: key(5040) })
  assert.deepEqual(flat(await gathered(scan)), asHex(ROWS.slice(5000, 5040)))
  const bytes = source.reads.reduce((sum, { length }) => sum + length, 0)
  assert.ok(bytes <= 4 * 4096, `${bytes} bytes`)
  file.close()
})

test('values on overflow pages come in one more round for all keys of a batch', async () => {
  const rows = numbered(60, 100_000)
  const source = new WatchedSource(await keyValueFile(rows))
  const file = await SqliteFile.open(source)
  source.reset()
  const keys = rows.filter((_, i) => i % 6 === 0)
  const values = await file.keyValue('kv').getMany(keys.map(([k]) => k))
  assert.deepEqual(
    values.map(hex),
    keys.map(([, v]) => hex(v)),
  )
  assert.ok(source.rounds <= 2, `${source.rounds} rounds`)
  file.close()
})

test('chunks are given at once when all is cached, and promises when not', async () => {
  const file = await SqliteFile.open(new WatchedSource(await keyValueFile(numbered(100, 10))))
  const warm = file.keyValue('kv').scan().nextChunk(10)
  assert.ok(!(warm instanceof Promise))
  assert.equal(warm!.count, 10)
  file.close()
  const cold = await SqliteFile.open(new WatchedSource(IMAGE), COLD)
  const promise = cold.keyValue('kv').scan().nextChunk(10)
  assert.ok(promise instanceof Promise)
  assert.equal((await promise)!.count, 10)
  cold.close()
})

test('all files share one cache, which keeps to its budget, and answers are right even with none', async () => {
  assert.throws(() => setCacheBudget(-1), { code: 'INVALID_ARGUMENT' })
  setCacheBudget(200_000)
  const files = await Promise.all(
    [1, 2, 3].map(() => SqliteFile.open(new WatchedSource(IMAGE), COLD)),
  )
  for (const file of files) {
    const keys = Array.from({ length: 300 }, (_, i) => key(i * 61))
    await file.keyValue('kv').getMany(keys)
    assert.ok(cacheStats().bytes <= 200_000)
  }
  assert.ok(cacheStats().pages > 20)
  setCacheBudget(0)
  assert.deepEqual(cacheStats(), { bytes: 0, pages: 0, budgetBytes: 0 })
  const table = files[0]!.keyValue('kv')
  assert.equal(hex(await table.get(key(1234))), hex(ROWS[1234]![1]))
  assert.deepEqual(
    flat(await gathered(table.scan({ start: key(19_000) }))),
    asHex(ROWS.slice(19_000)),
  )
  for (const file of files) file.close()
})

test('a long scan leaves the cache to what is looked up again and again', async () => {
  setCacheBudget(1 << 20)
  const source = new WatchedSource(IMAGE)
  const file = await SqliteFile.open(source, COLD)
  const table = file.keyValue('kv')
  const hot = Array.from({ length: 40 }, (_, i) => key(i * 450))
  for (let round = 0; round < 3; round++) await table.getMany(hot)
  await gathered(table.scan())
  source.reset()
  await table.getMany(hot)
  assert.equal(source.reads.length, 0)
  file.close()
})

test('close releases the pages and ends what is under way', async () => {
  const before = cacheStats().pages
  const file = await SqliteFile.open(new WatchedSource(IMAGE))
  const table = file.keyValue('kv')
  const scan = table.scan()
  const running = table.get(key(9000))
  file.close()
  file.close()
  assert.equal(cacheStats().pages, before)
  await assert.rejects(running, { code: 'CLOSED' })
  assert.throws(() => table.peek(key(9000)), { code: 'CLOSED' })
  assert.throws(() => scan.nextChunk(), { code: 'CLOSED' })
  await assert.rejects(async () => table.get(key(2)), { code: 'CLOSED' })
})

test('errors of the source pass through, and the next call asks again', async () => {
  const broken = new Error('no network')
  let fails = false
  const source = new WatchedSource(IMAGE)
  const file = await SqliteFile.open({
    size: source.size,
    read: (offset, length) => (fails ? Promise.reject(broken) : source.read(offset, length)),
  })
  const table = file.keyValue('kv')
  fails = true
  await assert.rejects(table.get(key(3000)), broken)
  await assert.rejects(gathered(table.scan()), broken)
  fails = false
  assert.equal(hex(await table.get(key(3000))), hex(ROWS[3000]![1]))
  file.close()
})

test('a source that gives too few bytes is refused', async () => {
  const source = {
    size: IMAGE.length,
    read: async (offset: number) => IMAGE.slice(offset, offset + 7),
  }
  await assert.rejects(SqliteFile.open(source), { code: 'READ_FAILED' })
})

test('a signal stops waiting', async () => {
  const source = new WatchedSource(IMAGE)
  const file = await SqliteFile.open(source)
  const controller = new AbortController()
  const stuck = { size: source.size, read: () => new Promise<Uint8Array>(() => {}) }
  const opening = SqliteFile.open(stuck, { signal: controller.signal })
  const getting = file.keyValue('kv').get(key(4000), { signal: controller.signal })
  controller.abort(new Error('enough'))
  await assert.rejects(getting, /enough/)
  await assert.rejects(opening, /enough/)
  assert.equal(hex(await file.keyValue('kv').get(key(4000))), hex(ROWS[4000]![1]))
  file.close()
})

test('the main entry imports nothing of Node, so that it runs everywhere', async () => {
  const files = new Set(['index.js'])
  for (const name of files) {
    const code = await readFile(new URL(`../dist/${name}`, import.meta.url), 'utf8')
    for (const [, path] of code.matchAll(/(?:from|import) ?\(?["']([^"']+)["']/g)) {
      assert.match(path!, /^\.\/[^/]+\.js$/, name)
      files.add(path!.slice(2))
    }
  }
  assert.ok(files.size > 1)
})
