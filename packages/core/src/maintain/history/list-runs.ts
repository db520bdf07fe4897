import pLimit from 'p-limit'
import * as v from 'valibot'
import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { parseOptions } from '../../options/parse-options.js'
import { integer } from '../../options/scalars.js'
import { isLive, type RunRecord } from '../../snapshot/runs/run-record.js'
import type { RunRef, RunRegistry } from '../../snapshot/runs/run-registry.js'
import { nowMicros } from '../../text/timestamps.js'
import { lineageEntries, type LineageOptions, withLineage } from './open-lineage.js'

const CONCURRENCY = 8

export interface ListRunsOptions extends LineageOptions {
  /** Maximum number of records; 10 by default. */
  limit?: number | undefined
}

/** The record of one run of a writer. */
export interface ListedRun extends RunRef {
  /** `undefined` if the record cannot be read; `problem` then has the reason. */
  readonly record: RunRecord | undefined
  /** Why the record cannot be read, if so. */
  readonly problem: ShardyfusionError | undefined
  /**
   * True while the run has a live lease; false also for a run that died, once its lease has ended.
   */
  readonly isLive: boolean
}

const schema = v.strictObject({
  ...lineageEntries,
  limit: v.optional(integer(1, 'records'), 10),
})

/** Lists the records of writers below a prefix, newest first. Errors: SHARD_STORE. */
export async function listRuns(options: ListRunsOptions): Promise<ListedRun[]> {
  const where = 'listRuns'
  const o = parseOptions(schema, options, where)
  const reading = true
  return withLineage(
    o,
    where,
    async ({ runs }) =>
      loadRuns(runs, (await runs.list({ signal: o.signal })).slice(0, o.limit), o),
    { reading },
  )
}

/** Loads these records, a few at a time; omits those removed since they were listed. */
export async function loadRuns(
  runs: RunRegistry,
  refs: readonly RunRef[],
  { signal }: { signal?: AbortSignal | undefined },
): Promise<ListedRun[]> {
  const limit = pLimit({ concurrency: CONCURRENCY, rejectOnClear: true })
  const now = nowMicros()
  try {
    const loaded = await limit.map(refs, async (ref): Promise<ListedRun | undefined> => {
      try {
        const record = await runs.load(ref.ref, { signal })
        return { ...ref, record, problem: undefined, isLive: isLive(record, now) }
      } catch (error) {
        if (!isShardyfusionError(error)) throw error
        if (error.code === 'SHARD_NOT_FOUND') return undefined
        if (error.code !== 'SHARD_MANIFEST') throw error
        return { ...ref, record: undefined, problem: error, isLive: false }
      }
    })
    return loaded.filter((run) => run !== undefined)
  } finally {
    limit.clearQueue()
  }
}
