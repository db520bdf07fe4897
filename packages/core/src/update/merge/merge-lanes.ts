import type { BuildJob } from '../../build/open/build-job.js'
import { shareMemory } from '../../build/open/share-memory.js'
import type { ManifestShard } from '../../snapshot/manifest/manifest.js'

/** Returns true if the engine may merge: a limit of the rate is of rows that are written. */
export function mergesInEngine({ engine, limits }: BuildJob): boolean {
  return engine.openUpdate !== undefined && limits === undefined
}

/** Memory of an engine for each row, next to its bytes. */
const BYTES_PER_ROW = 40
/** Blocks are packed to a half of their bytes at best, as measured. */
const UNPACKED = 2
const LEAST_LANES = 2

/**
 * Decides how many shards are merged at the same time, and divides the memory among them.
 *
 * An engine stores rows that exceed its memory on local disk and reads them again. Fewer shards at a
 * time, each with all its rows in memory, take less time than more of them. An engine that merges
 * itself has no rows in memory.
 */
export function mergeLanes(job: BuildJob, shards: readonly ManifestShard[]): BuildJob {
  const { concurrency: given, memoryBytes, workers } = job.options
  if (mergesInEngine(job)) {
    const { concurrency } = job
    return { ...job, memory: shareMemory(memoryBytes, concurrency) }
  }
  const { memoryBytes: all } = shareMemory(memoryBytes, 1)
  const needed = Math.max(
    1,
    ...shards.map(({ bytes, rowCount }) => UNPACKED * bytes + BYTES_PER_ROW * rowCount),
  )
  const fit = Math.floor(all / needed)
  const least = Math.max(LEAST_LANES, typeof workers === 'number' ? workers : LEAST_LANES)
  const chosen = fit < 1 ? job.concurrency : Math.min(job.concurrency, Math.max(least, fit))
  const concurrency = given ?? chosen
  return { ...job, concurrency, memory: shareMemory(memoryBytes, concurrency) }
}
