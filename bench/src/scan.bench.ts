// How long does a scan take, of a shard and of a snapshot in key order?
import type { EntryChunk, ScanIterator } from '@shardyfusion/core'
import { scan, scanMerged, type Visit } from './support/bare.js'
import { compare, type Contender } from './support/compare.js'
import { describeRows, SHARDS } from './support/data.js'
import { digestOf, touch } from './support/digest.js'
import { withReaders } from './support/readers.js'
import { SHORT } from './support/short.js'

const SCANNED = SHORT ? 2_000 : 25_000

type Scan = (visit: Visit) => Promise<void>

await withReaders(SCANNED, async ({ bareShard, bareShards, ours }) => {
  await compareScans(
    'a shard',
    { 'bare: next()': (visit) => scan(bareShard, visit) },
    ours.map(({ engine, shard }) => [engine, () => shard.scanIter()]),
  )
  await compareScans(
    `a snapshot of ${SHARDS} shards in key order`,
    { 'bare: next(), smallest of the heads': (visit) => scanMerged(bareShards, visit) },
    ours.map(({ engine, snapshot }) => [engine, () => snapshot.scanIter()]),
  )
  await compareScans(
    `a snapshot of ${SHARDS} shards, one after the other`,
    {
      'bare: next()': async (visit) => {
        for (const reader of bareShards) await scan(reader, visit)
      },
    },
    ours.map(({ engine, snapshot }) => [engine, () => snapshot.scanIter({}, { ordered: false })]),
  )
})

async function compareScans(
  title: string,
  bare: Readonly<Record<string, Scan>>,
  ours: readonly (readonly [engine: string, start: () => ScanIterator])[],
): Promise<void> {
  const scans: (readonly [string, Scan])[] = Object.entries(bare)
  for (const [engine, start] of ours) {
    scans.push([`scanIter, entries, ${engine}`, (visit) => eachEntry(start(), visit)])
    scans.push([`scanIter, chunks, ${engine}`, (visit) => eachOfChunks(start(), visit)])
  }
  await compare({
    title: `${title}: ${describeRows(SCANNED)}`,
    unit: 'row',
    units: SCANNED,
    longRounds: 7,
    contenders: scans.map(([name, scanned]): Contender => ({
      name,
      run: () => scanned(touch),
      answer: () => digestOf(scanned),
    })),
  })
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
