import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Entry, SqliteFile, SqliteImage } from 'sqlite-file'
import { IS_SOAK, soak } from '@shardyfusion/test-support/soak'
import { asHex, flat, gathered, hex, keyValueFile, seeded, WatchedSource } from './support/files.js'
import { integrity, query, withSqlite } from './support/sqlite.js'

const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]

/** A table: how many rows, and how long keys and values are. */
interface Shape {
  readonly seed: number
  readonly pageSize: number
  readonly rows: number
  readonly keyBytes: number
  readonly valueBytes: number
  readonly readAheadBytes: number
}

const MAX_FILE_BYTES = (IS_SOAK ? 12 : 3) << 20

const shapes: fc.Arbitrary<Shape> = fc.record({
  seed: fc.integer({ min: 1, max: 1 << 30 }),
  pageSize: fc.constantFrom(...PAGE_SIZES),
  rows: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 5000 })),
  keyBytes: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2048 })),
  valueBytes: fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 0, max: 5000 }),
    fc.integer({ min: 0, max: 300_000 }),
  ),
  readAheadBytes: fc.constantFrom(1, 16_384, 1 << 20),
})

/** Rows of a shape: sizes vary up to those given, and keys share prefixes, as real ones do. */
function entriesOf({ seed, rows: wanted, keyBytes, valueBytes }: Shape): Entry[] {
  const rows = Math.min(wanted, Math.floor(MAX_FILE_BYTES / (keyBytes + valueBytes + 1)))
  const random = seeded(seed)
  const entries = new Map<string, Entry>()
  for (let i = 0; i < rows; i++) {
    const key = new Uint8Array(1 + random(keyBytes)).fill(7)
    for (let n = 0; n < 3; n++) key[key.length - 1 - random(key.length)] = random(256)
    const value = new Uint8Array(random(valueBytes + 1)).fill(random(256))
    entries.set(hex(key)!, [key, value])
  }
  return [...entries.values()].sort(([a], [b]) => Buffer.compare(a, b))
}

test('files of any shape pass the check of SQLite, and read back equal in every way', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const entries = entriesOf(shape)
      const expected = asHex(entries)
      const image = await keyValueFile(entries, shape.pageSize)
      assert.equal(integrity(image), 'ok')
      const theirs = withSqlite(image, (db) => query(db, 'SELECT k, v FROM kv ORDER BY k'))
      assert.deepEqual(asHex(theirs as unknown as Entry[]), expected)

      const inMemory = new SqliteImage(image)
      assert.deepEqual(inMemory.verify().problems, [])
      assert.deepEqual(inMemory.verify().counts, { kv: entries.length })
      const table = inMemory.keyValue('kv')
      assert.deepEqual(flat(table.scan()), expected)
      assert.deepEqual(flat(table.scan({}, { reverse: true })), expected.toReversed())
      const sample = entries.filter((_, i) => i % Math.ceil(entries.length / 100) === 0)
      for (const [key, value] of sample) assert.equal(hex(table.get(key)), hex(value))

      const { readAheadBytes } = shape
      const file = await SqliteFile.open(new WatchedSource(image), { headBytes: 512, tailBytes: 0 })
      const byRange = file.keyValue('kv')
      assert.deepEqual(flat(await gathered(byRange.scan({}, { readAheadBytes }))), expected)
      const values = await byRange.getMany(sample.map(([key]) => key))
      assert.deepEqual(
        values.map(hex),
        sample.map(([, value]) => hex(value)),
      )
      file.close()
    }),
    { numRuns: soak(25, 60) },
  )
})

test('ranges are half-open in both directions, whatever their bounds', async () => {
  const range = fc.record({
    rows: fc.integer({ min: 0, max: 400 }),
    start: fc.option(fc.uint8Array({ maxLength: 3 }), { nil: undefined }),
    end: fc.option(fc.uint8Array({ maxLength: 3 }), { nil: undefined }),
    reverse: fc.boolean(),
    maxEntries: fc.constantFrom(1, 7, 1024),
    keyBytes: fc.constantFrom(2, 60),
    seed: fc.integer({ min: 1, max: 1000 }),
  })
  await fc.assert(
    fc.asyncProperty(range, async ({ rows, start, end, reverse, maxEntries, keyBytes, seed }) => {
      const random = seeded(seed)
      const entries = new Map<string, Entry>()
      for (let i = 0; i < rows; i++) {
        const key = new Uint8Array(1 + random(keyBytes)).map(() => random(256))
        entries.set(hex(key)!, [key, new Uint8Array(random(30))])
      }
      const sorted = [...entries.values()].sort(([a], [b]) => Buffer.compare(a, b))
      const image = await keyValueFile(sorted, 512)
      const within = sorted.filter(
        ([key]) =>
          (start === undefined || Buffer.compare(key, start) >= 0) &&
          (end === undefined || Buffer.compare(key, end) < 0),
      )
      const expected = asHex(reverse ? within.toReversed() : within)
      const chunks = []
      const scan = new SqliteImage(image).keyValue('kv').scan({ start, end }, { reverse })
      for (;;) {
        const chunk = scan.nextChunk(maxEntries)
        if (chunk === undefined) break
        assert.ok(chunk.count >= 1 && chunk.count <= maxEntries)
        chunks.push(chunk)
      }
      assert.deepEqual(flat(chunks), expected)
      const file = await SqliteFile.open(new WatchedSource(image), { headBytes: 512, tailBytes: 0 })
      const byRange = file.keyValue('kv').scan({ start, end }, { reverse })
      assert.deepEqual(flat(await gathered(byRange)), expected)
      file.close()
    }),
    { numRuns: soak(60, 250) },
  )
})
