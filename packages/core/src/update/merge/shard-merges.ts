import pLimit from 'p-limit'
import { throwIfAborted } from '../../async/abort.js'
import { type BuildJob, jobAttempts } from '../../build/open/build-job.js'
import type { Selection } from '../../build/publish/select-winners.js'
import type { SealRecord } from '../../build/shard/attempt-marks.js'
import type { ShardAttemptResult } from '../../build/shard/shard-attempt-result.js'
import type { AbandonedShard } from '../../build/shard/shard-attempts.js'
import { noteSealed } from '../../build/shard/shard-lane.js'
import type { BaseSnapshot } from '../base-snapshot.js'
import type { NextShards } from '../publish/publish-update.js'
import type { UpdateMeter } from '../update-progress.js'
import type { UpdatedSnapshot, UpdatePlan } from '../updated-snapshot.js'
import { adoptMerged } from './adopt-merged.js'
import type { ChangeLog } from './change-log.js'
import { mergeLanes } from './merge-lanes.js'
import type { MergeSetting } from './merge-shard.js'
import { mergeWithRetries } from './merge-with-retries.js'

/** Bytes for sorting the changes of one shard, at least. */
const LEAST_SORT_BYTES = 1024 * 1024

export interface MergedShards extends NextShards {
  /** Those of all shards with changes; one without `url` has no row left. */
  readonly results: readonly ShardAttemptResult[]
  readonly rows: UpdatedSnapshot['rows']
}

/** Merges the changes of an update into its shards, a few at a time. */
export class ShardMerges {
  readonly #job: BuildJob
  readonly #base: BaseSnapshot
  readonly #log: ChangeLog
  readonly #meter: UpdateMeter
  readonly #results: ShardAttemptResult[] = []
  readonly #rows = { inserted: 0, replaced: 0, deleted: 0 }
  readonly #durable = new Set<string>()
  /** Shards that this update may have written. */
  readonly written: AbandonedShard[] = []
  /** Shards adopted from an earlier update of this run. */
  adopted: ReadonlyMap<number, SealRecord> = new Map()

  constructor(job: BuildJob, base: BaseSnapshot, log: ChangeLog, meter: UpdateMeter) {
    this.#job = job
    this.#base = base
    this.#log = log
    this.#meter = meter
  }

  /** Merges all shards with changes. After a failure no new one starts, but running ones are awaited. */
  async run(plan: UpdatePlan, where: string): Promise<MergedShards> {
    const { options, published } = this.#job
    const meter = this.#meter
    const { entries } = this.#base.manifest
    const job = mergeLanes(
      this.#job,
      plan.changed.map(({ id }) => entries[id]!),
    )
    const { concurrency } = job
    const sortBytes = Math.max(
      LEAST_SORT_BYTES,
      Math.floor(options.maxBufferedBytes / (2 * concurrency)),
    )
    const setting: MergeSetting = {
      job,
      base: this.#base,
      log: this.#log,
      sortBytes,
      onRows: (rows) => meter.addRows(rows),
    }
    meter.shards = plan.changed.length
    meter.rowsBefore = plan.rowsBefore
    meter.enter('merging')
    const unused = options.resume ? await this.#adopt(setting, where) : []
    const left = published === undefined ? plan.changed : []
    const failures: unknown[] = []
    await pLimit(concurrency).map(
      left.filter(({ id }) => !this.adopted.has(id)),
      async ({ id }) => {
        if (failures.length > 0) return
        // Running shards end first, because they still write.
        await this.#merge(id, setting).catch((error: unknown) => failures.push(error))
      },
    )
    if (failures.length > 0) throw failures[0]
    return this.#merged(unused)
  }

  async #adopt(setting: MergeSetting, where: string): Promise<readonly string[]> {
    const { records, unused } = await adoptMerged(setting, where)
    this.adopted = records
    this.#meter.shardsResumed = records.size
    for (const [shard, { result }] of records) {
      this.#results.push(result)
      this.#durable.add(result.url!)
      this.#meter.shardsMerged++
      this.#log.forget(shard)
    }
    return unused
  }

  async #merge(shard: number, setting: MergeSetting): Promise<void> {
    const { job } = setting
    throwIfAborted(job.options.signal)
    const meter = this.#meter
    const attempts = jobAttempts(job, shard)
    const written = { attemptUrls: attempts.urls, sealedUrl: undefined as string | undefined }
    this.written.push(written)
    const { result, tally, changesDigest } = await mergeWithRetries(attempts, setting, () => {
      meter.retries++
      meter.report()
    })
    this.#rows.inserted += tally.inserted
    this.#rows.replaced += tally.replaced
    this.#rows.deleted += tally.deleted
    if (result !== undefined) this.#results.push(result)
    if (result?.url !== undefined) {
      written.sealedUrl = result.url
      const before = this.#base.manifest.entries[shard]!.url ?? ''
      await noteSealed(job, this.#durable, result, changesDigest, before)
    }
    this.#log.forget(shard)
    meter.shardsMerged++
    meter.report()
  }

  #merged(unusedUrls: readonly string[]): MergedShards {
    const results = this.#results
    const winners = results.filter(({ url }) => url !== undefined).sort((a, b) => a.id - b.id)
    const attemptUrls = [
      ...this.written.flatMap((shard) => shard.attemptUrls),
      ...unusedUrls,
      ...winners.map(({ url }) => url!),
    ]
    const selection: Selection = { shards: this.#job.layout.shards!, winners, attemptUrls }
    const ids = new Set(results.map(({ id }) => id))
    const kept = this.#base.manifest.entries.filter(
      ({ id, url }) => url !== undefined && !ids.has(id),
    )
    return { selection, kept, durable: this.#durable, results, rows: this.#rows }
  }
}
