// How long does a user of object storage wait? Counts requests, and sequential round trips at 30 ms each.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { record } from './support/record.js'
import { LATENCY_MS, REMOTE, remote, type Traffic } from './support/remote.js'
import { rows, scatteredKeys, VALUE_BYTES } from './support/rows.js'
import { SHORT } from './support/short.js'
import { rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 2_000 : 200_000
const SHARDS = SHORT ? 8 : 64
const SCAN_VALUE_BYTES = 4_096
const SCAN_ROWS = SHORT ? 1_000 : (1024 * 1024 * 1024) / SCAN_VALUE_BYTES
const SCAN_SHARDS = 8

// The engine compiles once per process, independent of storage.
await withTempDir(async ({ url }) => {
  await writeSnapshot(rows(1), { prefix: url('warm-up'), sharding: { shards: 1 } })
})

await withTempDir(async ({ url }) => {
  console.log(
    `\n  ${ROWS.toLocaleString('en')} rows of ${VALUE_BYTES} bytes in ${SHARDS} shards, ${LATENCY_MS} ms a request`,
  )
  const { objects, take } = await remote(url('snapshot'))
  const prefix = REMOTE
  take()
  await writeSnapshot(rows(ROWS), { prefix, objects, sharding: { shards: SHARDS } })
  const publish = report('build and publish', take())

  const reader = await SnapshotReader.open({ prefix, objects, valueCacheBytes: 0 })
  const open = report('open', take())
  assert.ok((await reader.get(7)) !== undefined)
  const cold = report('first get: opens its shard', take())
  const near = keysOfShard(reader, reader.shardFor(7).id, 3)
  await reader.get(near[2]!)
  report('get of a block that was not read, shard open', take())
  await reader.get(7)
  const warm = report('get of a block that was read', take())
  await reader.getMany(scatteredKeys(256, ROWS))
  report('getMany of 256 keys, over all shards', take())
  await reader.close()

  // Sum of the sequential round trips of both calls.
  const trips = { value: open.roundTrips + cold.roundTrips, unit: 'round trips' }
  holdTo({ what: `open a snapshot of ${SHARDS} shards and get a key`, ...trips, atMost: 4 })
  holdTo({ what: 'a warm get', value: warm.reads + warm.lists, unit: 'requests', atMost: 0 })
  console.log(
    `    a published shard took ${rounded((publish.writes + publish.reads + publish.lists) / SHARDS)} requests`,
  )
})

await withTempDir(async ({ url }) => {
  const bytes = SCAN_ROWS * SCAN_VALUE_BYTES
  console.log(
    `\n  scan of ${rounded(bytes / 2 ** 20)} MiB: ${SCAN_ROWS.toLocaleString('en')} rows of ${SCAN_VALUE_BYTES} bytes in ${SCAN_SHARDS} shards`,
  )
  const local = await remote(url('table'), 0)
  await writeSnapshot(rows(SCAN_ROWS, SCAN_VALUE_BYTES), {
    prefix: REMOTE,
    objects: local.objects,
    sharding: { shards: SCAN_SHARDS },
  })
  for (const ordered of [true, false]) {
    for (const latencyMs of [0, LATENCY_MS]) {
      const { objects, take } = await remote(url('table'), latencyMs)
      const reader = await SnapshotReader.open({ prefix: REMOTE, objects, valueCacheBytes: 0 })
      take()
      let scanned = 0
      for await (const chunk of reader.scanIter({}, { ordered }).chunks()) scanned += chunk.count
      assert.equal(scanned, SCAN_ROWS)
      const what = `${ordered ? 'in key order' : 'shard after shard'}, ${latencyMs} ms a request`
      const { ms } = report(what, take())
      console.log(`      ${rounded(bytes / 1e6 / (ms / 1000))} MB a second`)
      await reader.close()
    }
  }
  rmSync(fileURLToPath(url('table')), { recursive: true, force: true })
})

function keysOfShard(reader: SnapshotReader, shard: number, count: number): number[] {
  const keys: number[] = []
  for (let key = ROWS - 1; keys.length < count; key--) {
    if (reader.shardFor(key).id === shard) keys.push(key)
  }
  return keys
}

function report(what: string, traffic: Traffic): Traffic {
  const { reads, writes, lists, bytesRead, roundTrips, ms } = traffic
  const kinds = [`${reads} reads`, `${lists} lists`, `${writes} writes`].filter(
    (kind) => !kind.startsWith('0 '),
  )
  const requests = kinds.length === 0 ? 'no request' : kinds.join(', ')
  console.log(
    `    ${what}: ${requests}, ${roundTrips} round trips, ${rounded(bytesRead / 1000)} KB read, ${rounded(ms)} ms`,
  )
  record({ what, ...traffic, ms: rounded(ms) })
  return traffic
}
