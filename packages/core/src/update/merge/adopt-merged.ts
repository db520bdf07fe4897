import pLimit from 'p-limit'
import { throwIfAborted } from '../../async/abort.js'
import { adoptShard, runRoot } from '../../build/open/adopt-shards.js'
import type { BuildJob } from '../../build/open/build-job.js'
import { selectWinners } from '../../build/publish/select-winners.js'
import type { SealRecord } from '../../build/shard/attempt-marks.js'
import { invalidOption } from '../../errors/error-factories.js'
import { isBelow } from '../../store/urls.js'
import { digestChanges, hasEffect, type MergeSetting } from './merge-shard.js'

/** Number of seals read at the same time. */
const CONCURRENCY = 8

/** Shards that an earlier update of this run has merged. */
export interface AdoptedShards {
  /** By shard: the same changes, merged into the same shard. */
  readonly records: ReadonlyMap<number, SealRecord>
  /** Attempts that are not used: of other changes, or merged into another shard. */
  readonly unused: readonly string[]
}

/**
 * Adopts the shards that an earlier update of this run has sealed, where base and changes are the
 * same; the others are merged again.
 *
 * Errors: SHARD_INVALID_OPTION if the run is published and was made of other changes, or if it is
 * not an update.
 */
export async function adoptMerged(setting: MergeSetting, where: string): Promise<AdoptedShards> {
  const { job, base, log, sortBytes } = setting
  const { remains, published, options } = job
  const changed = new Set(log.shards().map(({ shard }) => shard))
  const records: SealRecord[] = []
  const unused: string[] = []
  await pLimit(CONCURRENCY).map(remains.sealed, async (url) => {
    throwIfAborted(options.signal)
    const record = await adoptShard(job, url, where)
    if (record === undefined) return
    if (record.updates === undefined) throw notAnUpdate(job, url, where)
    const { id } = record.result
    const entry = base.manifest.entries[id]
    const sameBase =
      published === undefined ? record.updates === (entry?.url ?? '') : url === entry?.url
    if (
      sameBase &&
      changed.has(id) &&
      (await digestChanges(log, id, sortBytes)) === record.inputDigest
    )
      records.push(record)
    else unused.push(url)
  })
  if (published !== undefined) {
    await requireSameChanges(
      setting,
      new Set(records.map(({ result }) => result.id)),
      changed,
      where,
    )
    return { records: new Map(), unused: [] }
  }
  const byUrl = new Map(records.map((record) => [record.result.url!, record]))
  const { winners } = selectWinners(
    records.map(({ result }) => result),
    base.manifest.shards,
  )
  const adopted = new Map(winners.map(({ id, url }) => [id, byUrl.get(url!)!]))
  for (const { result } of records)
    if (adopted.get(result.id)!.result.url !== result.url) unused.push(result.url!)
  return { records: adopted, unused }
}

/** A published run stays as it is; then its shards have to contain these changes. */
async function requireSameChanges(
  setting: MergeSetting,
  same: ReadonlySet<number>,
  changed: ReadonlySet<number>,
  where: string,
): Promise<void> {
  const { job, base } = setting
  const { runId } = job
  const root = runRoot(job)
  for (const { id, url } of base.manifest.entries) {
    const isOwn = url !== undefined && isBelow(url, root)
    if (isOwn ? same.has(id) : !changed.has(id) || !(await hasEffect(id, setting))) continue
    throw invalidOption(
      where,
      `resume: run ${JSON.stringify(runId)} is published, and its shard ${id} was made of other changes; update with ` +
        'the original changes, or under another runId',
      { details: { runId, shard: id } },
    )
  }
}

function notAnUpdate({ runId }: BuildJob, url: string, where: string): Error {
  return invalidOption(
    where,
    `resume: run ${JSON.stringify(runId)} is a build, not an update (${url}); omit runId to get a random one`,
    { details: { runId, url } },
  )
}
