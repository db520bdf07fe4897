import pLimit from 'p-limit'
import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { invalidOption, notFound } from '../../errors/error-factories.js'
import { MAX_SHARDS } from '../../routing/max-shards.js'
import { throwIfAborted } from '../../async/abort.js'
import { decodeSealRecord, isSealed, takeSealed, type SealRecord } from '../shard/attempt-marks.js'
import { buildIdentity, requireSameBuild } from './build-identity.js'
import type { BuildJob } from './build-job.js'
import { selectWinners } from '../publish/select-winners.js'

/** Seals read at the same time. */
const CONCURRENCY = 8

/**
 * Takes over the shards that earlier builds of this run have sealed, by their ids.
 *
 * Errors: SHARD_INVALID_OPTION when one of them was sealed by a build of another kind.
 */
export async function adoptShards(
  job: BuildJob,
  where: string,
): Promise<ReadonlyMap<number, SealRecord>> {
  const { published, remains, layout, options } = job
  const named = published?.manifest.entries.flatMap((entry) => entry.url ?? [])
  // Of a run that is published, its own shards and no others.
  const candidates = named ?? remains.sealed
  const records = new Map<string, SealRecord>()
  await pLimit(CONCURRENCY).map(candidates, async (url) => {
    throwIfAborted(options.signal)
    const record = await adopt(job, url, where)
    if (record !== undefined) records.set(url, record)
  })
  const missing = named?.find((url) => !records.has(url))
  if (missing !== undefined) throw notResumable(job, missing, where)
  const results = [...records.values()].map((record) => record.result)
  const { winners } = selectWinners(results, layout.shards ?? MAX_SHARDS)
  return new Map(winners.map((winner) => [winner.id, records.get(winner.url!)!]))
}

/** Refuses to publish when a shard that was taken over is not there any more. */
export async function requireAdopted(
  { objects, options }: BuildJob,
  adopted: Iterable<SealRecord>,
): Promise<void> {
  await pLimit(CONCURRENCY).map(adopted, async ({ result }) => {
    if (await isSealed(objects, result.url!, options)) return
    throw notFound(
      'SnapshotWriter.publish',
      `resume: shard ${result.id} was taken over from an earlier build, but is gone from ` +
        `${result.url}; it was removed in the meantime; resume once more`,
      { peer: null, retryable: true, details: { shard: result.id, url: result.url } },
    )
  })
}

async function adopt(job: BuildJob, url: string, where: string): Promise<SealRecord | undefined> {
  const text = await takeSealed(job.objects, url, { signal: job.options.signal })
  if (text === undefined) return undefined
  let record: SealRecord
  try {
    record = decodeSealRecord(text, where)
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isShardyfusionError(error)) throw error
    job.warn(`the seal of ${url} cannot be read; its shard is written again`, error)
    return undefined
  }
  const { result, build } = record
  if (result.url !== url || job.attemptUrl(result.id, result.attempt) !== url) {
    // For example a copy of a run: its seal describes objects at another URL.
    job.warn(`the seal of ${url} is that of ${result.url}; its shard is written again`)
    return undefined
  }
  const { runId, layout, engine, options } = job
  const identity = buildIdentity({ runId, layout, keyEncoding: options.keyEncoding, engine })
  requireSameBuild(build, identity, url, where)
  return record
}

function notResumable({ runId, prefix }: BuildJob, url: string, where: string): ShardyfusionError {
  return invalidOption(
    where,
    `resume: run ${JSON.stringify(runId)} is published below ${prefix}, and what its shards were made of is ` +
      `not noted (${url} has no seal); leave runId out to start a new build`,
    { details: { runId, url } },
  )
}
