import pLimit from 'p-limit'
import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { invalidOption, notFound } from '../../errors/error-factories.js'
import { runFolder, SHARDS } from '../../snapshot/layout.js'
import { isBelow, joinUrl } from '../../store/urls.js'
import { MAX_SHARDS } from '../../routing/max-shards.js'
import { throwIfAborted } from '../../async/abort.js'
import { decodeSealRecord, isSealed, takeSealed, type SealRecord } from '../shard/attempt-marks.js'
import { buildIdentity, requireSameBuild } from './build-identity.js'
import type { BuildJob } from './build-job.js'
import { selectWinners } from '../publish/select-winners.js'
import { isErrorNamed } from '../../errors/is-error.js'

/** Number of seals read at the same time. */
const CONCURRENCY = 8

/**
 * Adopts the shards that earlier builds of this run have sealed, by their ids.
 *
 * Errors: SHARD_INVALID_OPTION if one of them was sealed by a build with other options.
 */
export async function adoptShards(
  job: BuildJob,
  where: string,
): Promise<ReadonlyMap<number, SealRecord>> {
  const { published, remains, layout, options } = job
  const named = published?.manifest.entries.flatMap((entry) => entry.url ?? [])
  const foreign = named?.find((url) => !isBelow(url, runRoot(job)))
  if (foreign !== undefined) throw notBuilt(job, foreign, where)
  const candidates = named ?? remains.sealed
  const records = new Map<string, SealRecord>()
  await pLimit(CONCURRENCY).map(candidates, async (url) => {
    throwIfAborted(options.signal)
    const record = await adoptShard(job, url, where)
    if (record?.updates !== undefined) throw notBuilt(job, url, where)
    if (record !== undefined) records.set(url, record)
  })
  const missing = named?.find((url) => !records.has(url))
  if (missing !== undefined) throw notResumable(job, missing, where)
  const results = [...records.values()].map((record) => record.result)
  const { winners } = selectWinners(results, layout.shards ?? MAX_SHARDS)
  return new Map(winners.map((winner) => [winner.id, records.get(winner.url!)!]))
}

/** Refuses to publish if an adopted shard no longer exists. */
export async function requireAdopted(
  { objects, options }: BuildJob,
  adopted: Iterable<SealRecord>,
): Promise<void> {
  await pLimit(CONCURRENCY).map(adopted, async ({ result }) => {
    if (await isSealed(objects, result.url!, options)) return
    throw notFound(
      'SnapshotWriter.publish',
      `resume: shard ${result.id} of an earlier build no longer exists at ` +
        `${result.url}; another process has removed it; resume again`,
      { peer: null, retryable: true, details: { shard: result.id, url: result.url } },
    )
  })
}

/**
 * Takes over one sealed attempt of this run; `undefined` if that is impossible.
 *
 * Errors: SHARD_INVALID_OPTION if it was sealed with other options.
 */
export async function adoptShard(
  job: BuildJob,
  url: string,
  where: string,
): Promise<SealRecord | undefined> {
  const text = await takeSealed(job.objects, url, { signal: job.options.signal })
  if (text === undefined) return undefined
  let record: SealRecord
  try {
    record = decodeSealRecord(text, where)
  } catch (error) {
    if (!isErrorNamed(error, 'SyntaxError') && !isShardyfusionError(error)) throw error
    job.warn(`the seal of ${url} cannot be read; its shard is written again`, error)
    return undefined
  }
  const { result, build } = record
  if (result.url !== url || job.attemptUrl(result.id, result.attempt) !== url) {
    // This may be a copy of a run, whose seals describe shards elsewhere.
    job.warn(`the seal of ${url} belongs to ${result.url}; its shard is written again`)
    return undefined
  }
  const { runId, layout, engine, options } = job
  const identity = buildIdentity({ runId, layout, keyEncoding: options.keyEncoding, engine })
  requireSameBuild(build, identity, url, where)
  return record
}

/** The folder of all shards that a run writes. */
export function runRoot({ prefix, runId }: Pick<BuildJob, 'prefix' | 'runId'>): string {
  return joinUrl(prefix, SHARDS, runFolder(runId))
}

function notBuilt({ runId }: BuildJob, url: string, where: string): ShardyfusionError {
  return invalidOption(
    where,
    `resume: run ${JSON.stringify(runId)} is an update of another snapshot (${url}); resume it with updateSnapshot, ` +
      'or omit runId to start a new build',
    { details: { runId, url } },
  )
}

function notResumable({ runId, prefix }: BuildJob, url: string, where: string): ShardyfusionError {
  return invalidOption(
    where,
    `resume: run ${JSON.stringify(runId)} is published below ${prefix}, and the input of its shards is ` +
      `not recorded (${url} has no seal); omit runId to start a new build`,
    { details: { runId, url } },
  )
}
