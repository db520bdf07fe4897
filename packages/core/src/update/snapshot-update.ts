// Long because all steps of an update need the same private state.

import { withJson } from '../text/json-form.js'
import { orAbort, throwIfAborted } from '../async/abort.js'
import { closeOnce } from '../async/close-once.js'
import { type BuildJob, openBuildJob } from '../build/open/build-job.js'
import { requireAdopted } from '../build/open/adopt-shards.js'
import type { ShardingOption } from '../build/open/sharding-option.js'
import { startRunRecord } from '../build/open/run-record.js'
import { Publication } from '../build/publish/publication.js'
import { removeLosers } from '../build/publish/remove-losers.js'
import { inRecord } from '../build/rows/record-fields.js'
import { checkLimits } from '../build/rows/shard-sink.js'
import { abandonAttempts } from '../build/shard/shard-attempts.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import { requireChunk } from '../chunk/require-chunk.js'
import { emit } from '../diagnostics/events.js'
import { type DiagnosticsTraces, startTrace, type Trace } from '../diagnostics/traces.js'
import { isShardyfusionError } from '../errors.js'
import { decodeKey, encodeKey, isIntegerEncoding, scratchForKey } from '../keys/stored-bytes.js'
import { parseOptions } from '../options/parse-options.js'
import type { ManifestRef } from '../snapshot/catalog/manifest-store.js'
import type { Manifest } from '../snapshot/manifest/manifest.js'
import { UPDATE_TYPE } from '../snapshot/runs/run-claims.js'
import type { RunLifecycle } from '../snapshot/runs/run-lifecycle.js'
import type { Key, RoutingContext } from '../types.js'
import { requireSameCodec } from '../values/codec-name.js'
import type { SchemaOption, ValuesOption, WrittenValue } from '../values/value-codec.js'
import { type ValueEncoder, valueEncoder } from '../values/value-encoder.js'
import { scratchFiles } from '#node/build/rows/scratch-file'
import { type BaseSnapshot, openBase } from './base-snapshot.js'
import { ChangeLog } from './merge/change-log.js'
import type { PackedChanges, UpdaterFacts } from './packed-changes.js'
import { type MergedShards, ShardMerges } from './merge/shard-merges.js'
import { conflictOf, publishUpdate } from './publish/publish-update.js'
import type { UpdatedSnapshot, UpdatePlan } from './updated-snapshot.js'
import { UpdateMeter } from './update-progress.js'
import { type SnapshotUpdaterOptions, updaterOptionsSchema } from './updater-options.js'

/** Why an updater takes no more changes, by its state. */
const REFUSALS = {
  publishing: 'this update is being published and takes no more changes; open a new updater',
  unpublished: 'the shards of this update are merged, and publish() may be called again',
  failed: 'merging the shards of this update has failed; open a new updater',
  published: 'this update is published already; open a new updater',
  closed: 'this updater is closed; open a new updater',
} as const

const WHERE = 'SnapshotUpdater'

/** The work of a `SnapshotUpdater`, which loads this module when it opens. */
export class SnapshotUpdate<T = Uint8Array> {
  readonly #job: BuildJob
  readonly #base: BaseSnapshot
  readonly #expectedCurrent: string | undefined
  readonly #log: ChangeLog
  readonly #meter: UpdateMeter
  readonly #scratch: Uint8Array | undefined
  readonly #encodeValue: ValueEncoder
  /** Text is hashed as its UTF-8 and bytes unchanged, so stored keys need not be decoded. */
  readonly #hashesStored: boolean
  readonly #merges: ShardMerges
  readonly #publication: Publication<UpdatedSnapshot>
  #run: RunLifecycle | undefined
  #trace: Trace<DiagnosticsTraces['update']> | undefined
  #merged: MergedShards | undefined
  readonly #end: () => Promise<void>

  private constructor(
    job: BuildJob,
    base: BaseSnapshot,
    expectedCurrent: string | undefined,
    meter: UpdateMeter,
  ) {
    const { keyEncoding, values, schema, maxBufferedBytes, spoolDirectory, signal } = job.options
    this.#job = job
    this.#base = base
    this.#expectedCurrent = expectedCurrent
    this.#meter = meter
    this.#log = new ChangeLog({
      maxBytes: maxBufferedBytes,
      openScratch: scratchFiles(spoolDirectory),
    })
    this.#merges = new ShardMerges(job, base, this.#log, meter)
    this.#publication = new Publication(WHERE, REFUSALS, signal)
    this.#scratch = scratchForKey(keyEncoding)
    this.#encodeValue = valueEncoder({ values, schema, keyEncoding, where: `${WHERE}.put` })
    this.#hashesStored = job.layout.spec.strategy === 'hash' && !isIntegerEncoding(keyEncoding)
    this.#end = closeOnce(() => this.#abandon())
  }

  /** Starts an update of the current snapshot. */
  static async open<const V extends ValuesOption = 'bytes', S extends SchemaOption = undefined>(
    options: SnapshotUpdaterOptions & { values?: V | undefined; schema?: S | undefined },
  ): Promise<SnapshotUpdate<WrittenValue<V, S>>> {
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
    return new SnapshotUpdate<WrittenValue<V, S>>(
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

  /** Puts one row. If it returns a promise, await it before the next change. */
  put(key: Key, value: T, context?: RoutingContext): Promise<void> | undefined {
    this.#publication.requireOpen('put')
    const stored = encodeKey(key, this.#job.options.keyEncoding, `${WHERE}.put`, this.#scratch)
    const bytes = this.#encodeValue(value, stored)
    checkLimits(stored, bytes, this.#job.engine.limits)
    return this.#add(this.#job.router.route(key, context), stored, bytes)
  }

  /** Deletes a key. If it returns a promise, await it before the next change. */
  delete(key: Key, context?: RoutingContext): Promise<void> | undefined {
    this.#publication.requireOpen('delete')
    const stored = encodeKey(key, this.#job.options.keyEncoding, `${WHERE}.delete`, this.#scratch)
    return this.#add(this.#job.router.route(key, context), stored, undefined)
  }

  /** Puts the entries of a chunk; those that have to wait are copied first. */
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

  /** Merges the changes, writes the manifest and then moves the pointer. */
  async publish(): Promise<UpdatedSnapshot> {
    return this.#publication.run(() => {
      this.#meter.shards = this.#log.shards().length
      this.#trace ??= startTrace('update', () => this.#facts())
      return this.#within(() => this.#publish())
    })
  }

  /** Releases everything, after a running `publish()`. */
  async close(reason?: unknown): Promise<void> {
    await this.#publication.close(reason)
    await this.#end()
  }

  /** Takes packed changes of another thread; see `packedChanges`. */
  async putPacked({ chunk, deleted, rows, first }: PackedChanges): Promise<void> {
    this.#publication.requireOpen('put')
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
  get facts(): UpdaterFacts {
    const { keyEncoding, keyColumn } = this.#base.manifest
    const { limits, format } = this.#job.engine
    return { keyEncoding, keyColumn, sharding: this.#base.sharding, limits, format }
  }

  async #addChunk(given: EntryChunk, method: string, isDelete: boolean): Promise<void> {
    this.#publication.requireOpen(method)
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
    const merged = await this.#publication.prepare(() =>
      this.#merge(where).catch(async (error: unknown) => {
        throw await this.#explain(error)
      }),
    )
    const publishStart = this.#meter.elapsedMs
    this.#meter.enter('publishing')
    const { manifest, ref } = await this.#publication.announce(
      async () =>
        published ?? publishUpdate(this.#job, this.#base, merged, this.#expectedCurrent, where),
    )
    // Readers already see the snapshot: no later problem may look like a failure to publish it.
    const losers = await removeLosers(objects, merged.selection, prefix)
    for (const { url, error } of losers.failures)
      this.#job.warn(`the attempt ${url} is not used, and could not be removed`, error)
    await this.#run!.succeed(ref.ref)
    await this.#end().catch(() => {})
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

  async #merge(where: string): Promise<MergedShards> {
    this.#run ??= await startRunRecord(this.#job, where, UPDATE_TYPE)
    const merged = (this.#merged ??= await this.#merges.run(this.plan(), WHERE))
    await requireAdopted(this.#job, this.#merges.adopted.values())
    throwIfAborted(this.#job.options.signal)
    return merged
  }

  /** A failed merge may have lost its base to another publication and a cleanup. */
  async #explain(failure: unknown): Promise<unknown> {
    if (!isShardyfusionError(failure) || this.#job.options.signal?.aborted === true) return failure
    const current = await this.#job.catalog.manifests.loadCurrent().catch(() => undefined)
    if (current === undefined || current.ref === this.#base.storedRef) return failure
    return conflictOf(this.#job, this.#base, this.#expectedCurrent, `${WHERE}.publish`, failure)
  }

  #describe(
    { selection, results, rows }: MergedShards,
    manifest: Manifest,
    ref: ManifestRef,
    durations: UpdatedSnapshot['durations'],
  ): UpdatedSnapshot {
    const { runId, prefix } = this.#job
    const shardsResumed = this.#merges.adopted.size
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
      shardsWritten: results.length - shardsResumed,
      shardsKept: manifest.shards - results.length,
      shardsResumed,
      attempts: new Set(selection.attemptUrls).size,
      runRecordRef: this.#run?.ref,
      durations,
    }
  }

  async #abandon(): Promise<void> {
    const { objects, prefix, options } = this.#job
    await this.#log.close()
    const { mayBeVisible, isPublished, failure } = this.#publication
    if (!isPublished) {
      if (!mayBeVisible)
        await abandonAttempts(objects, this.#merges.written, {
          prefix,
          keepSealed: options.resume,
        })
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
}

function sum<N extends string>(of: readonly { readonly [name in N]: number }[], name: N): number {
  return of.reduce((total, one) => total + one[name], 0)
}
