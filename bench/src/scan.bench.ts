// What does it cost to read every row of a shard, and of a snapshot in key order?
import { type EntryChunk, type ScanIterator, ShardReader, SnapshotReader } from '@shardyfusion/core'
import { openReader, scan, scanMerged, type Visit } from './support/bare.js'
import { compare, type Contender } from './support/compare.js'
import { buildShard, buildSnapshot, describeRows, SHARDS } from './support/data.js'
import { digestOf, touch } from './support/digest.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'

const SCANNED = SHORT ? 2_000 : 50_000

type Scan = (visit: Visit) => Promise<void>

await withTempDir(async ({ url }) => {
  await buildShard(url('shard'), SCANNED)
  const urls = await buildSnapshot(url('snapshot'), SCANNED)
  const bare = await openReader(url('shard'))
  const shard = await ShardReader.open({ url: url('shard') })
  const bareShards = await Promise.all(urls.map(openReader))
  const readers = bareShards.map(({ reader }) => reader)
  const snapshot = await SnapshotReader.open({ prefix: url('snapshot') })

  await compareScans(`a shard: ${describeRows(SCANNED)}`, {
    'bare: next()': (visit) => scan(bare.reader, visit),
    'scanIter, entries': (visit) => eachEntry(shard.scanIter(), visit),
    'scanIter, chunks': (visit) => eachOfChunks(shard.scanIter(), visit),
  })
  await compareScans(`a snapshot of ${SHARDS} shards in key order: ${describeRows(SCANNED)}`, {
    'bare: next(), smallest of the heads': (visit) => scanMerged(readers, visit),
    'scanIter, entries': (visit) => eachEntry(snapshot.scanIter(), visit),
    'scanIter, chunks': (visit) => eachOfChunks(snapshot.scanIter(), visit),
  })
  await compareScans(
    `a snapshot of ${SHARDS} shards, one after the other: ${describeRows(SCANNED)}`,
    {
      'bare: next()': async (visit) => {
        for (const reader of readers) await scan(reader, visit)
      },
      'scanIter, entries': (visit) => eachEntry(snapshot.scanIter({}, { ordered: false }), visit),
      'scanIter, chunks': (visit) => eachOfChunks(snapshot.scanIter({}, { ordered: false }), visit),
    },
  )

  for (const reader of [bare, shard, snapshot, ...bareShards]) await reader.close()
})

async function compareScans(title: string, scans: Readonly<Record<string, Scan>>): Promise<void> {
  const contenders = Object.entries(scans).map(([name, scanned]): Contender => ({
    name,
    run: () => scanned(touch),
    answer: () => digestOf(scanned),
  }))
  await compare({ title, unit: 'row', units: SCANNED, contenders, longRounds: 7 })
}

async function eachEntry(entries: ScanIterator, visit: Visit): Promise<void> {
  for await (const [key, value] of entries) visit(key, value)
}

async function eachOfChunks(entries: ScanIterator, visit: Visit): Promise<void> {
  for await (const chunk of entries.chunks()) visitAll(chunk, visit)
}

function visitAll(chunk: EntryChunk, visit: Visit): void {
  for (let i = 0; i < chunk.count; i++) visit(chunk.key(i), chunk.value(i))
}
