import { runFolder, SHARDS } from '../../snapshot/layout.js'
import { withJson } from '../../text/json-form.js'
import pLimit from 'p-limit'
import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { invalidOption, publishError } from '../../errors/error-factories.js'
import type { ManifestShard } from '../../snapshot/manifest/manifest.js'
import { joinUrl, withoutTrailingSlashes } from '../../store/urls.js'
import type { EngineOptions } from '../../engine/engine-options.js'
import type { CatalogOption } from '../../snapshot/catalog/catalog-option.js'
import { runAll } from '../../async/close-once.js'
import { formatTextTimestamp, nowMicros } from '../../text/timestamps.js'
import { removeSealed, takeForPublication } from '../shard/attempt-marks.js'
import { type BuildJob, openBuildJob } from '../open/build-job.js'
import { earlierManifest } from '../open/earlier-manifest.js'
import { publishWinners } from '../publish/publish-winners.js'
import type { PublishedSnapshot } from '../publish/published-snapshot.js'
import { requireCoverage } from '../publish/require-coverage.js'
import { selectWinners, type Selection } from '../publish/select-winners.js'
import type { ShardAttemptResult } from '../shard/shard-attempt-result.js'
import { StoredValues } from '../../values/codec-name.js'
import { openPlanParts } from './plan-parts.js'
import { requirePlan, type SnapshotPlan } from './snapshot-plan.js'

/** The snapshot that `publishSnapshot` has published, or found published. */
export interface PublishedTasks extends Pick<
  PublishedSnapshot,
  'runId' | 'prefix' | 'manifestRef' | 'shards' | 'rowCount' | 'bytes' | 'losersRemoved'
> {
  /** True if this run was already the current snapshot, so that nothing was done. */
  readonly alreadyPublished: boolean
}

export interface PublishOptions extends EngineOptions, CatalogOption {
  /**
   * Also publishes if no shard has a row; false by default, because tasks that lost their input
   * look the same.
   */
  allowEmpty?: boolean | undefined
}

/** Number of attempts checked, taken or removed at the same time. */
const CONCURRENCY = 8
const WHERE = 'publishSnapshot'

/**
 * Ends a build of tasks: selects one attempt of each shard, publishes them, and removes all others.
 *
 * Shape: `results` of every attempt that reported, in any order; a repeated task may have several
 * or none. If called again, after a restart of the driver, it finds the run published and reports
 * that. Removing the attempt of a running task fails that task and nothing else. Errors:
 * SHARD_PUBLISH naming shards without a report, for shards that all reported 0 rows, and for a
 * manifest or pointer that could not be written; SHARD_INVALID_OPTION for results of another run.
 */
export async function publishSnapshot(
  plan: SnapshotPlan,
  results: readonly ShardAttemptResult[],
  options: PublishOptions = {},
): Promise<PublishedTasks> {
  const { allowEmpty = false, ...rest } = options
  const p = requirePlan(plan, WHERE)
  const { runId, prefix, sharding, keyEncoding, keyColumn, valueCodec, custom, vector } = p
  const parts = await openPlanParts(p, rest, WHERE, { publishes: true })
  const { engine, objects, catalog } = parts
  const values = new StoredValues(valueCodec)
  const build = { runId, prefix, sharding, keyEncoding, keyColumn, values, custom, vector }
  const job = await openBuildJob(
    { ...rest, engine, objects, catalog, ...build },
    WHERE,
    // It writes no shard.
    { firstAttempt: 0 },
  ).catch(async (error: unknown) => {
    await parts.close()
    throw error
  })
  try {
    const { signal } = rest
    for (const result of results) requireOfRun(job, result)
    const run = { prefix: job.prefix, runId, resume: true }
    const earlier = await earlierManifest(job.catalog.manifests, run, { signal })
    const { ref, manifest } = earlier ?? (await publish(job, results, p.shards, allowEmpty))
    await closeRecord(job, p.runRecordRef, ref.ref)
    const shards = manifest.entries.map((entry) => withJson({ ...entry }))
    return {
      runId,
      prefix: job.prefix,
      manifestRef: ref.ref,
      shards,
      rowCount: sum(shards, (shard) => shard.rowCount),
      bytes: sum(shards, (shard) => shard.bytes),
      losersRemoved: await removeOthers(job, shards),
      alreadyPublished: earlier !== undefined,
    }
  } finally {
    await runAll([() => job.close(), () => parts.close()], WHERE)
  }
}

async function publish(
  job: BuildJob,
  results: readonly ShardAttemptResult[],
  shards: number,
  allowEmpty: boolean,
) {
  requireCoverage(results, shards)
  if (!allowEmpty && results.every(({ rowCount }) => rowCount === 0)) throw nothingWritten(shards)
  const selection = selectWinners(results, shards)
  await takeWinners(job, selection)
  return publishWinners(job, selection, new Set())
}

function nothingWritten(shards: number): ShardyfusionError {
  return publishError(
    WHERE,
    `at least one shard must have rows, and all ${shards} reported 0; check that the tasks read their input, ` +
      'or pass allowEmpty: true for an input without rows',
    { peer: 'ShardCoverageError', details: { shards } },
  )
}

/** Protects the winners from another publication of this run, which may have other results. */
async function takeWinners({ objects, options }: BuildJob, { winners }: Selection): Promise<void> {
  const { signal } = options
  await pLimit(CONCURRENCY).map(winners, async ({ id, url }) => {
    if (await takeForPublication(objects, url!, { signal })) return
    throw publishError(
      WHERE,
      `the attempt ${url} at shard ${id} was removed by another publication of this run; check whether that one ` +
        'is current, or run the task of the shard again',
      { details: { shard: id, url } },
    )
  })
}

/**
 * Removes the remaining data of all attempts of this run, except published ones; best effort,
 * because a cleanup finds it too.
 */
async function removeOthers(job: BuildJob, shards: readonly ManifestShard[]): Promise<number> {
  const { objects, prefix, runId, warn } = job
  const kept = new Set(shards.map((shard) => shard.url))
  let removed = 0
  try {
    const folder = joinUrl(prefix, SHARDS, runFolder(runId))
    const limit = pLimit(CONCURRENCY)
    const attempts = await limit.map(await objects.listPrefixes(folder), (shard) =>
      objects.listPrefixes(shard),
    )
    const losers = attempts.flat().filter((url) => !kept.has(url))
    await limit.map(losers, async (url) => {
      if (await removeSealed(objects, url, prefix)) removed++
    })
  } catch (error) {
    warn('some attempts that lost could not be removed', error)
  }
  return removed
}

async function closeRecord(job: BuildJob, ref: string, manifestRef: string): Promise<void> {
  const { runs: registry } = job.catalog
  try {
    const now = formatTextTimestamp(nowMicros())
    const record = await registry.load(ref)
    if (record.status === 'succeeded') return
    await registry.update(ref, {
      ...record,
      status: 'succeeded',
      updatedAt: now,
      leaseExpiresAt: now,
      manifestRef,
    })
  } catch (error) {
    // Readers already see the snapshot; a wrong record only makes a cleanup wait.
    if (!isShardyfusionError(error)) throw error
    job.warn(`the record of run ${job.runId} could not be closed`, error)
  }
}

/** A result of another run, or another prefix, would put its shards into this snapshot. */
function requireOfRun(job: BuildJob, { id, attempt, url }: ShardAttemptResult): void {
  if (url === undefined || withoutTrailingSlashes(url) === job.attemptUrl(id, attempt)) return
  throw invalidOption(
    WHERE,
    `a result must be of this run and prefix: attempt ${attempt} at shard ${id} is ` +
      `${job.attemptUrl(id, attempt)}, got ${url}`,
    { details: { shard: id, url } },
  )
}

function sum(shards: readonly ManifestShard[], of: (shard: ManifestShard) => number): number {
  return shards.reduce((total, shard) => total + of(shard), 0)
}
