import { tell } from '../../diagnostics.js'
import { buildIdentity } from '../open/build-identity.js'
import { type BuildJob, jobAttempts } from '../open/build-job.js'
import { EngineLane } from './engine-lane.js'
import { writeSeal } from './attempt-marks.js'
import type { ProgressMeter } from '../progress.js'
import { encodeSealRecord } from './seal-record.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'
import type { ShardSinkOptions } from '../rows/shard-sink.js'
import type { Spool } from '../rows/spool.js'

/** What the lanes of one build share. */
export interface LaneSurroundings {
  readonly schedule: NonNullable<ShardSinkOptions['schedule']>
  /** Set with `retry`. */
  readonly spool: Spool | undefined
  readonly progress: ProgressMeter
  /** URLs of shards that survive a power failure. */
  readonly durable: Set<string>
}

/** Opens the lane that writes one shard of a build in this thread. */
export function openLane(job: BuildJob, shard: number, around: LaneSurroundings): EngineLane {
  const { maxBatchEntries, maxBatchBytes, keyEncoding, retry, signal } = job.options
  return new EngineLane({
    attempts: jobAttempts(job, shard),
    keyEncoding,
    limits: job.engine.limits,
    buffers: job.buffers,
    maxBatchEntries,
    maxBatchBytes,
    schedule: around.schedule,
    retry: retry &&
      around.spool && {
        spool: around.spool.shard(),
        policy: retry,
        signal,
        onRetry: ({ attempts, delayMs, error }) => {
          const { prefix, runId } = job
          tell('shard-retry', () => ({ prefix, runId, shard, attempts, delayMs, error }))
          job.warn(
            `attempt ${attempts} at shard ${shard} failed; the next one begins in ${delayMs} ms`,
            error,
          )
          around.progress.addRetry(shard)
        },
      },
    // Who means to resume a build gives it an id; others are spared the cost.
    digest: job.options.runId !== undefined,
    noteSeal: (result, inputDigest) => noteSeal(job, around.durable, result, inputDigest),
  })
}

/** Makes a sealed shard durable and says so beside it; without that note it is only written again by a resumption. */
async function noteSeal(
  { runId, layout, engine, objects, options, warn }: BuildJob,
  durable: Set<string>,
  result: ShardAttemptResult,
  inputDigest: string | undefined,
): Promise<void> {
  const { keyEncoding, signal } = options
  const url = result.url!
  try {
    await objects.sync?.(url, { signal })
    durable.add(url)
    const build = buildIdentity({ runId, layout, keyEncoding, engine })
    await writeSeal(objects, url, encodeSealRecord({ build, inputDigest, result }), { signal })
  } catch (error) {
    signal?.throwIfAborted()
    warn(`shard ${result.id} is sealed, but that could not be noted for a resumption`, error)
  }
}
