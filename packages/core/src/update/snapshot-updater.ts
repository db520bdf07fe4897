// Long because one class owns the state of an update: open, publishing, published, failed, closed.

import { withJson } from '../text/json-form.js'
import pLimit from 'p-limit'
import { orAbort, throwIfAborted } from '../async/abort.js'
import { closeOnce } from '../async/close-once.js'
import { type BuildJob, openBuildJob } from '../build/open/build-job.js'
import { requireAdopted } from '../build/open/adopt-shards.js'
import type { ShardingOption } from '../build/open/sharding-option.js'
import { startRunRecord } from '../build/open/run-record.js'
import { removeLosers } from '../build/publish/remove-losers.js'
import type { Selection } from '../build/publish/select-winners.js'
import { inRecord } from '../build/rows/record-fields.js'
import { checkLimits } from '../build/rows/shard-sink.js'
import { removeSealed, type SealRecord } from '../build/shard/attempt-marks.js'
import type { ShardAttemptResult } from '../build/shard/shard-attempt-result.js'
import { noteSealed } from '../build/shard/shard-lane.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import { requireChunk } from '../chunk/require-chunk.js'
import { emit } from '../diagnostics/events.js'
import { type DiagnosticsTraces, startTrace, type Trace } from '../diagnostics/traces.js'
import { type ErrorCode, isShardyfusionError } from '../errors.js'
import { closed } from '../errors/error-factories.js'
import { decodeKey, encodeKey, isIntegerEncoding, scratchForKey } from '../keys/stored-bytes.js'
import { parseOptions } from '../options/parse-options.js'
import type { ManifestRef } from '../snapshot/catalog/manifest-store.js'
import { isPublishConflict } from '../snapshot/catalog/publication-guard.js'
import type { Manifest } from '../snapshot/manifest/manifest.js'
import { UPDATE_TYPE } from '../snapshot/runs/run-claims.js'
import type { RunLifecycle } from '../snapshot/runs/run-lifecycle.js'
import type { Key, RoutingContext } from '../types.js'
import { requireSameCodec } from '../values/codec-name.js'
import type { SchemaOption, ValuesOption, WrittenValue } from '../values/value-codec.js'
import { type ValueEncoder, valueEncoder } from '../values/value-encoder.js'
import { scratchFiles } from '#node/build/rows/scratch-file'
import { adoptMerged } from './merge/adopt-merged.js'
import { type BaseSnapshot, openBase } from './base-snapshot.js'
import { ChangeLog } from './merge/change-log.js'
import {
  type PackedChanges,
  packedChanges,
  type UpdaterFacts,
  updaterFacts,
} from './packed-changes.js'
import { mergeLanes } from './merge/merge-lanes.js'
import { mergeWithRetries } from './merge/merge-with-retries.js'
import { conflictOf, type NextShards, publishUpdate } from './publish/publish-update.js'
import type { UpdatedSnapshot, UpdatePlan } from './updated-snapshot.js'
import { UpdateMeter } from './update-progress.js'
import { type SnapshotUpdaterOptions, updaterOptionsSchema } from './updater-options.js'

/** Why an updater takes no more changes, by its state. */
const REFUSALS = {
  publishing: 'this update is being published and takes no more changes',
  unpublished: 'the shards of this update are merged, and publish() may be called again',
  failed: 'merging the shards of this update has failed',
  published: 'this update is published already',
  closed: 'this updater is closed',
} as const

/** Codes of failures after which it is unknown whether the manifest or the pointer was written. */
const UNCERTAIN = new Set<ErrorCode>(['SHARD_PUBLISH', 'SHARD_STORE', 'SHARD_TIMEOUT'])
/** Bytes for sorting the changes of one shard, at least. */
const LEAST_SORT_BYTES = 1024 * 1024

const WHERE = 'SnapshotUpdater'

interface Merged extends NextShards {
  readonly results: readonly ShardAttemptResult[]
  readonly rows: UpdatedSnapshot['rows']
}

/**
 * Makes the next snapshot from the current one and changes: puts and deletes of keys.
 *
 * Shards without changes are taken over as they are: they are neither copied nor read. The others are
 * written again, each in one pass over its rows. Sharding, key encoding and engine are those of the
 * current snapshot. Readers see nothing before `publish()`; closing without it removes all data.
 * Memory: about `maxBufferedBytes` in changes and `memoryBytes` in engines. Errors:
 * SHARD_NOT_FOUND if nothing is published; SHARD_PUBLISH with `details.conflict` if another snapshot
 * than the expected one is current, at the start or at the publication; SHARD_INVALID_OPTION for a
 * snapshot with vectors; after `publish()` or `close()` SHARD_CLOSED.
 *
 * @example
 * await using updater = await SnapshotUpdater.open({ prefix, values: 'json' })
 * await updater.put(42n, { name: 'new' })
 * await updater.delete(7n)
 * await updater.publish()
 */
export class SnapshotUpdater<T = Uint8Array> implements AsyncDisposable {
  readonly #job: BuildJob
  readonly #base: BaseSnapshot
  readonly #expectedCurrent: string | undefined
  readonly #log: ChangeLog
  readonly #meter: UpdateMeter
  readonly #scratch: Uint8Array | undefined
  readonly #encodeValue: ValueEncoder
  /** Text is hashed as its UTF-8 and bytes unchanged, so stored keys need not be decoded. */
  readonly #hashesStored: boolean
  /** URLs of all attempts of this call. */
  readonly #attemptUrls: string[] = []
  readonly #sealed = new Set<string>()
  #adopted: ReadonlyMap<number, SealRecord> = new Map()
  #state: keyof typeof REFUSALS | 'open' = 'open'
  #run: RunLifecycle | undefined
  #trace: Trace<DiagnosticsTraces['update']> | undefined
  #merged: Merged | undefined
  #publishing: Promise<UpdatedSnapshot> | undefined
  #failure: unknown
  /** Once a manifest may name the shards, they must not be removed. */
  #manifestTried = false
  readonly #closeAll: () => Promise<void>

  private constructor(
    job: BuildJob,
    base: BaseSnapshot,
    expectedCurrent: string | undefined,
    meter: UpdateMeter,
  ) {
    const { keyEncoding, values, schema, maxBufferedBytes, spoolDirectory } = job.options
    this.#job = job
    this.#base = base
    this.#expectedCurrent = expectedCurrent
    this.#meter = meter
    this.#log = new ChangeLog({
      maxBytes: maxBufferedBytes,
      openScratch: scratchFiles(spoolDirectory),
    })
    this.#scratch = scratchForKey(keyEncoding)
    this.#encodeValue = valueEncoder({ values, schema, keyEncoding, where: `${WHERE}.put` })
    this.#hashesStored = job.layout.spec.strategy === 'hash' && !isIntegerEncoding(keyEncoding)
    this.#closeAll = closeOnce(() => this.#abandon())
  }

  /** Starts an update of the current snapshot. */
  static async open<const V extends ValuesOption = 'bytes', S extends SchemaOption = undefined>(
    options: SnapshotUpdaterOptions & { values?: V | undefined; schema?: S | undefined },
  ): Promise<SnapshotUpdater<WrittenValue<V, S>>> {
    const where = `${WHERE}.open`
    const o = parseOptions(updaterOptionsSchema, options, where)
    throwIfAborted(o.signal)
    const base = await openBase(o, where)
    const { expectedCurrent, shardUrls: _, onProgress, ...rest } = o
    const { keyEncoding, keyColumn, valueCodec } = base.manifest
    requireSameCodec(o.values, valueCodec, where)
    const { sharding, engine } = base
    const job = await openBuildJob(
      { ...rest, engine, sharding: sharding, keyEncoding, keyColumn },
      where,
    )
    return new SnapshotUpdater<WrittenValue<V, S>>(
      job,
      base,
      expectedCurrent,
      new UpdateMeter(onProgress),
    )
  }

  /** Id of this run. */
  get runId(): string {
    return this.#job.runId
  }

  /** The run that the update starts from. */
  get baseRunId(): string {
    return this.#base.ref.runId
  }

  /** How rows are assigned to shards. */
  get sharding(): ShardingOption {
    return this.#base.sharding
  }

  /** Number of changes taken so far. */
  get changes(): number {
    return this.#meter.changes
  }

  /**
   * Puts one row; a later change of the same key replaces this one. `context` has the columns of a
   * CEL expression over columns other than the key: of the new row.
   */
  async put(key: Key, value: T, context?: RoutingContext): Promise<void> {
    await this.putSync(key, value, context)
  }

  /** The same without a promise for every row. If it returns a promise, await it before the next change. */
  putSync(key: Key, value: T, context?: RoutingContext): Promise<void> | undefined {
    this.#requireOpen('put')
    const stored = encodeKey(key, this.#job.options.keyEncoding, `${WHERE}.put`, this.#scratch)
    const bytes = this.#encodeValue(value, stored)
    checkLimits(stored, bytes, this.#job.engine.limits)
    return this.#add(this.#job.router.route(key, context), stored, bytes)
  }

  /**
   * Deletes a key; nothing happens if it does not exist. `context` has the columns of a CEL
   * expression: those by which the row was put.
   */
  async delete(key: Key, context?: RoutingContext): Promise<void> {
    await this.deleteSync(key, context)
  }

  /** The same without a promise for every row. If it returns a promise, await it before the next change. */
  deleteSync(key: Key, context?: RoutingContext): Promise<void> | undefined {
    this.#requireOpen('delete')
    const stored = encodeKey(key, this.#job.options.keyEncoding, `${WHERE}.delete`, this.#scratch)
    return this.#add(this.#job.router.route(key, context), stored, undefined)
  }

  /**
   * Puts the entries of a chunk, whose keys are stored bytes already. The chunk stays the caller's;
   * its buffer may be reused as soon as the call has returned its promise.
   */
  async putChunk(chunk: EntryChunk): Promise<void> {
    await this.#addChunk(chunk, 'putChunk', false)
  }

  /** Deletes the keys of a chunk, whatever their values. */
  async deleteChunk(chunk: EntryChunk): Promise<void> {
    await this.#addChunk(chunk, 'deleteChunk', true)
  }

  /** Returns what `publish()` would write now; writes nothing. */
  plan(): UpdatePlan {
    const { manifest, ref } = this.#base
    const changed = this.#log.shards().map(({ shard, puts, deletes }) => {
      const { rowCount, bytes } = manifest.entries[shard]!
      return { id: shard, rowCount, bytes, puts, deletes }
    })
    return {
      prefix: this.#job.prefix,
      baseRunId: ref.runId,
      baseManifestRef: ref.ref,
      shards: manifest.shards,
      changed,
      changes: this.#meter.changes,
      rowsBefore: sum(changed, 'rowCount'),
      bytesBefore: sum(changed, 'bytes'),
    }
  }

  /**
   * Merges the changes, writes the manifest and then moves the pointer: readers see all of it or
   * nothing.
   *
   * Without changes it publishes a snapshot of the same shards, so that the age of the snapshot says
   * when it was last brought up to date. Errors: SHARD_PUBLISH if manifest or pointer could not be
   * written; the shards then stay in storage, and `publish()` may be called again; but with
   * `details.conflict` another snapshot was published in between, and everything is removed. All
   * other failures are final.
   */
  async publish(): Promise<UpdatedSnapshot> {
    this.#requireOpen('publish', ['open', 'publishing', 'unpublished'])
    this.#state = 'publishing'
    // Concurrent calls share one publication.
    this.#meter.shards = this.#log.shards().length
    this.#trace ??= startTrace('update', () => this.#facts())
    this.#publishing ??= this.#within(() => this.#publish())
      .catch((error: unknown) => {
        this.#failure = error
        throw error
      })
      .finally(() => {
        this.#publishing = undefined
      })
    return this.#publishing
  }

  /**
   * Releases everything; without `publish()` the update is abandoned and its data removed. Idempotent.
   *
   * Waits for a running `publish()`. With `resume`, merged shards stay. The record of the run stores
   * `reason`.
   */
  async close(reason?: unknown): Promise<void> {
    this.#failure ??= reason
    if (this.#publishing !== undefined) await this.#publishing.catch(() => {})
    if (this.#state !== 'published') this.#state = 'closed'
    await this.#closeAll()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Takes packed changes of another thread; see `packedChanges`. */
  async [packedChanges]({ chunk, deleted, rows, first }: PackedChanges): Promise<void> {
    this.#requireOpen('put')
    const deletes = deleted === 'all' ? undefined : new Set(deleted)
    for (let i = 0; i < chunk.count; i++) {
      const isDelete = deletes === undefined || deletes.has(i)
      const row = rows?.[i]
      try {
        const key = row === undefined ? this.#routingKey(chunk.key(i)) : row.key
        const wait = this.#change(chunk, i, isDelete, key, row?.context)
        if (wait !== undefined) await wait
      } catch (error) {
        throw inRecord(error, first + i)
      }
    }
  }

  /** Facts for a caller in another thread. */
  get [updaterFacts](): UpdaterFacts {
    const { keyEncoding, keyColumn } = this.#base.manifest
    const { limits, format } = this.#job.engine
    return { keyEncoding, keyColumn, sharding: this.#base.sharding, limits, format }
  }

  async #addChunk(given: EntryChunk, method: string, isDelete: boolean): Promise<void> {
    this.#requireOpen(method)
    requireChunk(given, `${WHERE}.${method}`)
    let chunk = given
    for (let i = 0; i < chunk.count; i++) {
      const wait = this.#change(chunk, i, isDelete, this.#routingKey(chunk.key(i)))
      if (wait === undefined) continue
      if (chunk === given) chunk = given.slice(0)
      await wait
    }
  }

  #routingKey(stored: Uint8Array): Key {
    return this.#hashesStored ? stored : decodeKey(stored, this.#job.options.keyEncoding)
  }

  #change(
    chunk: EntryChunk,
    i: number,
    isDelete: boolean,
    key: Key,
    context?: RoutingContext,
  ): Promise<void> | undefined {
    const stored = chunk.key(i)
    const value = isDelete ? undefined : chunk.value(i)
    if (value !== undefined) checkLimits(stored, value, this.#job.engine.limits)
    return this.#add(this.#job.router.route(key, context), stored, value)
  }

  #add(shard: number, key: Uint8Array, value: Uint8Array | undefined): Promise<void> | undefined {
    const wait =
      value === undefined ? this.#log.delete(shard, key) : this.#log.put(shard, key, value)
    this.#meter.addChange(key.length + (value?.length ?? 0))
    return wait === undefined ? undefined : orAbort(wait, this.#job.options.signal)
  }

  async #publish(): Promise<UpdatedSnapshot> {
    const { objects, prefix, published } = this.#job
    const where = `${WHERE}.publish`
    const readMs = this.#meter.elapsedMs
    let merged: Merged
    try {
      this.#run ??= await startRunRecord(this.#job, where, UPDATE_TYPE)
      merged = this.#merged ??= await this.#merge()
      await requireAdopted(this.#job, this.#adopted.values())
      throwIfAborted(this.#job.options.signal)
    } catch (error) {
      this.#state = 'failed'
      throw await this.#explain(error)
    }
    const publishStart = this.#meter.elapsedMs
    this.#meter.enter('publishing')
    const { manifest, ref } = published ?? (await this.#publishManifest(merged))
    this.#state = 'published'
    // Readers already see the snapshot: no later problem may look like a failure to publish it.
    const losers = await removeLosers(objects, merged.selection, prefix)
    for (const { url, error } of losers.failures)
      this.#job.warn(`the attempt ${url} is not used, and could not be removed`, error)
    await this.#run.succeed(ref.ref)
    await this.#closeAll().catch(() => {})
    this.#meter.finish()
    this.#emitUpdate('published', ref.ref)
    const { elapsedMs } = this.#meter
    return this.#describe(merged, manifest, ref, {
      readMs: Math.round(readMs),
      mergeMs: Math.round(publishStart - readMs),
      publishMs: Math.round(elapsedMs - publishStart),
      totalMs: Math.round(elapsedMs),
    })
  }

  async #merge(): Promise<Merged> {
    const { options, published, layout } = this.#job
    const { signal } = options
    const { entries } = this.#base.manifest
    const plan = this.plan()
    const job = mergeLanes(
      this.#job,
      plan.changed.map(({ id }) => entries[id]!),
    )
    const { concurrency } = job
    const meter = this.#meter
    meter.shards = plan.changed.length
    meter.rowsBefore = plan.rowsBefore
    meter.enter('merging')
    const sortBytes = Math.max(
      LEAST_SORT_BYTES,
      Math.floor(options.maxBufferedBytes / (2 * concurrency)),
    )
    const setting = { job, base: this.#base, log: this.#log, sortBytes }
    const onRows = (rows: number): void => meter.addRows(rows)
    let unusedUrls: readonly string[] = []
    if (options.resume) {
      const { records, unused } = await adoptMerged({ ...setting, onRows }, WHERE)
      this.#adopted = records
      unusedUrls = unused
    }
    const rows = { inserted: 0, replaced: 0, deleted: 0 }
    const results: ShardAttemptResult[] = []
    const durable = new Set<string>()
    meter.shardsResumed = this.#adopted.size
    for (const [shard, { result }] of this.#adopted) {
      results.push(result)
      durable.add(result.url!)
      meter.shardsMerged++
      this.#log.forget(shard)
    }
    const failures: unknown[] = []
    const onRetry = (): void => {
      meter.retries++
      meter.report()
    }
    const left = published === undefined ? plan.changed : []
    await pLimit(concurrency).map(
      left.filter(({ id }) => !this.#adopted.has(id)),
      async ({ id }) => {
        if (failures.length > 0) return
        const urls = this.#attemptUrls
        try {
          throwIfAborted(signal)
          const merged = await mergeWithRetries(id, { ...setting, onRows, onRetry, urls })
          const { result, tally, changesDigest } = merged
          rows.inserted += tally.inserted
          rows.replaced += tally.replaced
          rows.deleted += tally.deleted
          if (result !== undefined) {
            results.push(result)
            if (result.url !== undefined) {
              this.#sealed.add(result.url)
              const before = entries[id]!.url ?? ''
              await noteSealed(this.#job, durable, result, changesDigest, before)
            }
          }
          this.#log.forget(id)
          meter.shardsMerged++
          meter.report()
        } catch (error) {
          // Running shards end first, because they still write.
          failures.push(error)
        }
      },
    )
    if (failures.length > 0) throw failures[0]
    const winners = results.filter(({ url }) => url !== undefined).sort((a, b) => a.id - b.id)
    const attemptUrls = [...this.#attemptUrls, ...unusedUrls, ...winners.map(({ url }) => url!)]
    const selection: Selection = { shards: layout.shards!, winners, attemptUrls }
    const written = new Set(results.map(({ id }) => id))
    const kept = entries.filter(({ id, url }) => url !== undefined && !written.has(id))
    return { selection, kept, durable, results, rows }
  }

  async #publishManifest(merged: Merged): Promise<{ manifest: Manifest; ref: ManifestRef }> {
    try {
      this.#manifestTried = true
      const where = `${WHERE}.publish`
      return await publishUpdate(this.#job, this.#base, merged, this.#expectedCurrent, where)
    } catch (error) {
      const conflicts = isPublishConflict(error)
      const isUncertain = isShardyfusionError(error) && UNCERTAIN.has(error.code)
      if (conflicts || (isShardyfusionError(error) && !isUncertain)) this.#manifestTried = false
      const mayRepeat = isShardyfusionError(error) && error.code === 'SHARD_PUBLISH' && !conflicts
      this.#state = mayRepeat ? 'unpublished' : 'failed'
      throw error
    }
  }

  /** A failed merge may have lost its base to another publication and a cleanup. */
  async #explain(failure: unknown): Promise<unknown> {
    if (!isShardyfusionError(failure) || this.#job.options.signal?.aborted === true) return failure
    const current = await this.#job.catalog.manifests.loadCurrent().catch(() => undefined)
    if (current === undefined || current.ref === this.#base.storedRef) return failure
    return conflictOf(this.#job, this.#base, this.#expectedCurrent, `${WHERE}.publish`, failure)
  }

  #describe(
    { selection, results, rows }: Merged,
    manifest: Manifest,
    ref: ManifestRef,
    durations: UpdatedSnapshot['durations'],
  ): UpdatedSnapshot {
    const { runId, prefix } = this.#job
    return {
      runId,
      prefix,
      manifestRef: ref.ref,
      baseRunId: this.#base.ref.runId,
      shards: manifest.entries.map((entry) => withJson({ ...entry })),
      rowCount: sum(manifest.entries, 'rowCount'),
      bytes: sum(manifest.entries, 'bytes'),
      changes: this.#meter.changes,
      rows,
      shardsWritten: results.length - this.#adopted.size,
      shardsKept: manifest.shards - results.length,
      shardsResumed: this.#adopted.size,
      attempts: new Set(selection.attemptUrls).size,
      runRecordRef: this.#run?.ref,
      durations,
    }
  }

  async #abandon(): Promise<void> {
    const { objects, prefix, options } = this.#job
    await this.#log.close()
    if (this.#state !== 'published') {
      if (!this.#manifestTried) {
        const removals = this.#attemptUrls.map(async (url) => {
          if (!this.#sealed.has(url)) await objects.deletePrefix(url, { within: prefix })
          else if (!options.resume) await removeSealed(objects, url, prefix)
        })
        await Promise.allSettled(removals)
      }
      const failure = this.#failure ?? closed(WHERE, 'closed without publish()', { peer: null })
      await this.#run?.fail(failure)
      this.#emitUpdate('failed', undefined, failure)
    }
    await this.#job.close()
  }

  #emitUpdate(
    outcome: 'published' | 'failed',
    manifestRef: string | undefined,
    error?: unknown,
  ): void {
    const { rows, elapsedMs: durationMs } = this.#meter
    if (this.#trace !== undefined) {
      Object.assign(this.#trace.message, { rows, manifestRef })
      if (outcome === 'failed') this.#trace.fail(error)
      else this.#trace.end()
    }
    emit('update', () => {
      return { outcome, ...this.#facts(), rows, durationMs, manifestRef, error }
    })
  }

  #facts() {
    const { prefix, runId } = this.#job
    const { changes } = this.#meter
    const shards = this.#meter.shards
    return { prefix, runId, baseRunId: this.#base.ref.runId, changes, shards }
  }

  /** Makes work a part of the update, for subscribers. */
  #within<R>(work: () => R): R {
    return this.#trace === undefined ? work() : this.#trace.within(work)
  }

  #requireOpen(
    method: string,
    allowed: readonly (keyof typeof REFUSALS | 'open')[] = ['open'],
  ): void {
    throwIfAborted(this.#job.options.signal)
    const state = this.#state
    if (state === 'open' || allowed.includes(state)) return
    throw closed(`${WHERE}.${method}`, `${REFUSALS[state]}; open a new updater`, {
      details: { state },
    })
  }
}

function sum<N extends string>(of: readonly { readonly [name in N]: number }[], name: N): number {
  return of.reduce((total, one) => total + one[name], 0)
}
