import { isShardyfusionError } from '../../errors.js'
import { busy } from '../../errors/error-factories.js'
import { nowMicros } from '../../text/timestamps.js'
import { isLive, type RunRecord } from './run-record.js'
import type { RunRegistry } from './run-registry.js'

/** Writer types of records that claim work on a run and are not the run itself. */
export const CLEANUP_TYPE = 'typescript-cleanup'
export const ROLLBACK_TYPE = 'typescript-rollback'
/** An update, and its claims on the runs whose shards it takes over. */
export const UPDATE_TYPE = 'typescript-update'

/** Returns the live records of a run except `own`, and the refs of unreadable ones. */
export async function liveRecords(
  runs: RunRegistry,
  runId: string,
  own: string | undefined,
  options: { signal?: AbortSignal | undefined },
): Promise<{ readonly live: RunRecord[]; readonly unreadable: string[] }> {
  const live: RunRecord[] = []
  const unreadable: string[] = []
  const now = nowMicros()
  for (const ref of await runs.list(options)) {
    if (ref.runId !== runId || ref.ref === own) continue
    try {
      const record = await runs.load(ref.ref, options)
      if (isLive(record, now)) live.push(record)
    } catch (error) {
      if (!isShardyfusionError(error)) throw error
      if (error.code === 'SHARD_MANIFEST') unreadable.push(ref.ref)
      else if (error.code !== 'SHARD_NOT_FOUND') throw error
    }
  }
  return { live, unreadable }
}

/**
 * Refuses to continue with a run that a cleanup is about to remove.
 *
 * Call it after the own record, `own`, is stored: a cleanup stores its intent first and then looks
 * for live records, so at least one of the two sees the other. Errors: SHARD_BUSY, retryable.
 */
export async function refuseDuringCleanup(
  runs: RunRegistry,
  runId: string,
  own: string,
  where: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { live } = await liveRecords(runs, runId, own, options)
  if (!live.some((record) => record.writerType === CLEANUP_TYPE)) return
  throw busy(
    where,
    `a cleanup is removing run ${JSON.stringify(runId)}; use another run, or check in a few minutes what it left`,
    { retryable: true, details: { runId } },
  )
}
