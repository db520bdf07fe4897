import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShardReaderSync, SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import makeEngine, { type TestEngineCounts } from './support/test-engine.js'

/** Scans that may hold something at a time, see live-scans.ts. */
const LIVE = 64

test('scans that are left in the middle hold nothing, though the event loop never turns', () => {
  using reader = ShardReaderSync.open({
    url: 'memory://abandoned/shard',
    keyEncoding: 'utf8',
    engine: makeEngine({ rows: 100_000 }),
  })
  const counts = (): TestEngineCounts =>
    JSON.parse(Buffer.from(reader.get('counts')!).toString()) as TestEngineCounts
  for (let i = 0; i < 500; i++) reader.scanIter().next()
  assert.equal(counts().scansClosed, 500 - LIVE)
})

function publish(prefix: string, mark: string, rows = 600): void {
  writeSnapshotSync(
    Array.from({ length: rows }, (_, i) => [i, `${mark} ${i}`] as const),
    { prefix, sharding: { shards: 5 }, values: 'utf8' },
  )
}

for (const options of [
  {},
  { reverse: true },
  { ordered: false },
  { ordered: false, reverse: true },
  { limit: 150 },
  { ordered: false, limit: 333 },
]) {
  test(`more scans than may be live take turns, each to its end: ${JSON.stringify(options)}`, () => {
    const prefix = tempPrefix()
    publish(prefix, 'old')
    using reader = SnapshotReaderSync.open({ prefix, keys: 'decoded', values: 'utf8' })
    const all = [...reader.scanIter({}, options)]
    const scans = Array.from({ length: LIVE + 6 }, () => ({
      scan: reader.scanIter({}, { ...options, chunkSize: 40 }),
      found: [] as (readonly [unknown, string])[],
    }))
    for (let round = 0; ; round++) {
      let ended = 0
      for (const [n, { scan, found }] of scans.entries()) {
        // By entries, by what is left of a chunk, and by chunks.
        const step = (n + round) % 3
        if (step === 0) {
          for (let i = 0; i < 23; i++) {
            const { done, value } = scan.next()
            if (done !== true) found.push(value)
          }
        } else {
          for (const [key, value] of scan.nextChunk() ?? [])
            found.push([reader.decodeKey(key), Buffer.from(value).toString()])
        }
        if (found.length === all.length) ended++
      }
      if (ended === scans.length) break
      // They stay on the snapshot they began with.
      if (round === 1) {
        publish(prefix, 'new', 50)
        assert.equal(reader.refresh(), true)
      }
      assert.ok(round < 100, 'every scan must come to its end')
    }
    for (const { scan, found } of scans) {
      assert.deepEqual(scan.next(), { done: true, value: undefined })
      if ('limit' in options && 'ordered' in options) {
        // Which entries come first in a scan without order is left open.
        assert.equal(new Set(found.map(([key]) => key)).size, options.limit)
      } else assert.deepEqual(found, all)
    }
  })
}
