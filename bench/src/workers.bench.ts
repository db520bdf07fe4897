// How do worker threads change a build? Each ratio is computed within one round: this thread, one worker, two. With one
// worker, two threads share the work: the caller takes, routes and packs rows, and the worker writes them.
import { availableParallelism } from 'node:os'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { SnapshotReader, SnapshotWriter, type SnapshotWriterOptions } from '@shardyfusion/core'
import { compare } from './support/compare.js'
import { describeRows, SHARDS } from './support/data.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'
import { valueOf } from './support/rows.js'

const VALUE_SIZES = [100, 16]
const ROWS = SHORT ? 20_000 : 1_000_000
/** Keys in random order: neighbours in the input are far apart in their shard. */
const SCATTER = 2_654_435_761

const ways: readonly [string, Partial<SnapshotWriterOptions>][] = [
  ['in this thread', {}],
  ['workers: 1', { workers: 1 }],
  ['workers: 2', { workers: 2 }],
]

await withTempDir(async ({ path, url }) => {
  const build = async (
    options: Partial<SnapshotWriterOptions>,
    valueBytes: number,
  ): Promise<string> => {
    const prefix = url('snapshot')
    rmSync(join(path, 'snapshot'), { recursive: true, force: true })
    const writer = await SnapshotWriter.open({ prefix, sharding: { shards: SHARDS }, ...options })
    const value = valueOf(0, valueBytes)
    for (let i = 0; i < ROWS; i++) {
      const wait = writer.putSync(Math.imul(i, SCATTER) >>> 0, value)
      if (wait !== undefined) await wait
    }
    await writer.publish()
    await writer.close()
    return prefix
  }
  // Digests per shard, so that a row in the wrong shard changes one.
  const rowsOf = async (prefix: string): Promise<readonly number[]> => {
    const reader = await SnapshotReader.open({ prefix })
    try {
      let rows = 0
      for await (const chunk of reader.scanIter({}, { ordered: false }).chunks())
        rows += chunk.count
      return [rows, ...reader.shards().map(({ rowCount }) => rowCount)]
    } finally {
      await reader.close()
    }
  }
  for (const bytes of VALUE_SIZES) {
    await compare({
      title: `a build on ${availableParallelism()} cores: ${describeRows(ROWS, bytes)}`,
      unit: 'row',
      units: ROWS,
      longRounds: 5,
      contenders: ways.map(([name, options]) => ({
        name,
        run: () => build(options, bytes),
        answer: async () => rowsOf(await build(options, bytes)),
      })),
    })
  }
})
