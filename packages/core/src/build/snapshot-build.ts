// Long because all steps of a build need the same private state.

import { withJson } from '../text/json-form.js'
import pLimit, { type LimitFunction } from 'p-limit'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import { requireChunk } from '../chunk/require-chunk.js'
import { ShardyfusionError } from '../errors.js'
import { invalidOption } from '../errors/error-factories.js'
import { decodeKey, encodeKey, requireStoredKey, scratchForKey } from '../keys/stored-bytes.js'
import type { ManifestRef } from '../snapshot/catalog/manifest-store.js'
import type { Manifest } from '../snapshot/manifest/manifest.js'
import type { SnapshotWriterOptions } from './snapshot-writer-options.js'
import type { CelShardingOption } from '../routing/cel/cel-sharding-option.js'
import { discoverCelShards } from '../routing/cel/discover-cel-shards.js'
import { isUnknownRoutingToken } from '../routing/group-by-shard.js'
import type { RunLifecycle } from '../snapshot/runs/run-lifecycle.js'
import type { Key, KeyEncoding, KeyOf, RoutingContext } from '../types.js'
import { orAbort, throwIfAborted } from '../async/abort.js'
import { closeOnce } from '../async/close-once.js'
import { emit } from '../diagnostics/events.js'
import { type DiagnosticsTraces, startTrace, type Trace } from '../diagnostics/traces.js'
import { abandonAttempts } from './shard/shard-attempts.js'
import { adoptShards, requireAdopted } from './open/adopt-shards.js'
import { type BuildJob, openBuildJob } from './open/build-job.js'
import { infersValues } from './open/infer-sharding.js'
import { InferredShards } from './open/inferred-shards.js'
import { SealedLane, openLane, type LaneSurroundings, type ShardLane } from './shard/shard-lane.js'
import { ShardLanes } from './shard/shard-lanes.js'
import { ProgressMeter } from './progress.js'
import { Publication } from './publish/publication.js'
import { publishWinners } from './publish/publish-winners.js'
import type { PublishedSnapshot } from './publish/published-snapshot.js'
import { type RemovedLosers, removeLosers } from './publish/remove-losers.js'
import { startRunRecord } from './open/run-record.js'
import type { SealRecord } from './shard/attempt-marks.js'
import { shardLayout } from './open/shard-layout.js'
import { shareMemory } from './open/share-memory.js'
import { checkLimits } from './rows/shard-sink.js'
import { type Selection, selectWinners } from './publish/select-winners.js'
import { Spool } from '#node/build/rows/spool'
import { type RowVector, type VectorRow, vectorRow } from './rows/vector-row.js'
import type { VectorBuild } from './vector-build.js'
import { unexpectedVector } from './vector-option.js'
import type { SchemaOption, ValuesOption, WrittenValue } from '../values/value-codec.js'
import { type ValueEncoder, valueEncoder } from '../values/value-encoder.js'

/** Shards of this size on average take little memory, so that more are sealed at the same time. */
const SMALL_SHARD_BYTES = 1024 * 1024
const SMALL_CONCURRENCY = 16

const NOTHING: ReadonlyMap<number, SealRecord> = new Map()

/** Why a writer takes no more entries, by its state. */
const REFUSALS = {
  publishing: 'this snapshot is being published and takes no more entries; open a new writer',
  unpublished: 'the shards of this snapshot are sealed, and publish() may be called again',
  failed: 'sealing the shards of this snapshot has failed; open a new writer',
  published: 'this snapshot is published already; open a new writer',
  closed: 'this writer is closed; open a new writer',
} as const

/** The work of a `SnapshotWriter`, which loads this module when it opens. */
export class SnapshotBuild<T = Uint8Array, E extends KeyEncoding = KeyEncoding> {
  #job: BuildJob
  readonly #keyEncoding: KeyEncoding
  // Lanes copy keys at once; a new array for each key would dominate garbage collection.
  readonly #scratch: Uint8Array | undefined
  readonly #encodeValue: ValueEncoder
  readonly #lanes: ShardLanes
  readonly #run: RunLifecycle
  /** Shards adopted from an earlier build of this run. */
  readonly #adopted: ReadonlyMap<number, SealRecord>
  readonly #around: LaneSurroundings
  readonly #progress: ProgressMeter
  readonly #trace: Trace<DiagnosticsTraces['build']> | undefined
  /** Rows whose shards are known only after the last row. */
  #inferred: InferredShards | undefined
  readonly #publication: Publication<PublishedSnapshot>
  #selection: Selection | undefined
  /** The field `vector` of the manifest, of a snapshot without keys. */
  #description: Readonly<Record<string, unknown>> | undefined
  readonly #end: () => Promise<void>

  private constructor(
    job: BuildJob,
    run: RunLifecycle,
    adopted: ReadonlyMap<number, SealRecord>,
    spool: Spool | undefined,
    inferred: InferredShards | undefined,
  ) {
    const { keyEncoding, values, schema, onProgress, maxBufferedBytes, signal } = job.options
    this.#job = job
    this.#run = run
    this.#adopted = adopted
    this.#inferred = inferred
    this.#keyEncoding = keyEncoding
    this.#scratch = scratchForKey(keyEncoding)
    this.#encodeValue = valueEncoder({ values, schema, keyEncoding, where: 'SnapshotWriter.put' })
    this.#progress = new ProgressMeter(onProgress)
    const slots: LimitFunction = pLimit(job.concurrency)
    this.#around = {
      // Workers take batches of all shards as they come, unless the caller limits that.
      schedule:
        job.room === undefined || job.options.concurrency !== undefined
          ? (work) => slots(() => this.#within(work))
          : (work) => this.#within(work),
      spool,
      progress: this.#progress,
      durable: new Set(),
    }
    for (const { result } of adopted.values()) this.#around.durable.add(result.url!)
    const sealed = [...adopted.values()].map((record) => new SealedLane(record))
    this.#lanes = new ShardLanes((shard) => this.#openLane(shard), maxBufferedBytes, sealed)
    this.#publication = new Publication('SnapshotWriter', REFUSALS, signal)
    this.#progress.shards = this.#progress.shardsResumed = adopted.size
    const { prefix, runId } = job
    this.#trace = startTrace('build', () => ({ prefix, runId }))
    this.#end = closeOnce(() => this.#abandon())
  }

  /** Starts a build. */
  static async open<
    const V extends ValuesOption = 'bytes',
    S extends SchemaOption = undefined,
    E extends KeyEncoding = 'u64be',
  >(
    options: SnapshotWriterOptions & {
      values?: V | undefined
      schema?: S | undefined
      keyEncoding?: E | undefined
    },
  ): Promise<SnapshotBuild<WrittenValue<V, S>, E>> {
    const where = 'SnapshotWriter.open'
    const job = await openBuildJob(options, where)
    const { retry, spoolDirectory, resume } = job.options
    let spool: Spool | undefined
    let inferred: InferredShards | undefined
    let run: RunLifecycle | undefined
    try {
      if (infersValues(job.options.sharding)) {
        if (resume) throw needsValues(where)
        inferred = await InferredShards.open(job.router, spoolDirectory)
      }
      spool = retry && (await Spool.open(spoolDirectory))
      // Before any shard is adopted: a cleanup spares the data of live runs.
      run = await startRunRecord(job, where)
      const adopted = resume ? await adoptShards(job, where) : NOTHING
      return new SnapshotBuild<WrittenValue<V, S>, E>(job, run, adopted, spool, inferred)
    } catch (error) {
      await run?.fail(error)
      await spool?.close()
      await inferred?.close()
      await job.close()
      throw error
    }
  }

  /** Id of this run. */
  get runId(): string {
    return this.#job.runId
  }

  /** Number of rows taken so far. */
  get rows(): number {
    return this.#progress.rows
  }

  /** Adds one entry. If it returns a promise, await it before the next row. */
  put(
    key: KeyOf<E>,
    value: T,
    context?: RoutingContext,
    vector?: RowVector,
  ): Promise<void> | undefined {
    this.#publication.requireOpen('put')
    const stored = encodeKey(key, this.#keyEncoding, 'SnapshotWriter.put', this.#scratch)
    const bytes = this.#encodeValue(value, stored)
    const row = vector === undefined ? undefined : this.#vectorRow(vector, key)
    const wait = this.#push(key, stored, bytes, context, row)
    this.#progress.addRow(stored.length + bytes.length + (row?.vector.byteLength ?? 0))
    return this.#pause(wait)
  }

  /** Prepares a build of vectors without keys. */
  vectors(): VectorBuild {
    const { objects, prefix, runId, engine, vectors } = this.#job
    // Engines that cannot store vectors without keys refuse it now.
    engine.manifestFields?.(vectors, false)
    return {
      objects,
      prefix,
      runId,
      put: (shard, given) => {
        this.#publication.requireOpen('put')
        const row = this.#vectorRow(given, undefined)
        const wait = this.#lanes.of(shard).pushVector(row)
        this.#progress.addRow(row.vector.byteLength)
        return this.#pause(wait)
      },
      train: (records) => this.#progress.train(records),
      describe: (vector) => {
        this.#description = vector
      },
    }
  }

  #vectorRow(row: RowVector | VectorRow, key: Key | undefined): VectorRow {
    const where = 'SnapshotWriter.put'
    if (this.#job.vectors === undefined) throw unexpectedVector(where)
    return vectorRow(row, key, this.#job.vectors, where)
  }

  /** Adds the entries of a chunk; those that have to wait are copied first. */
  async putChunk(given: EntryChunk): Promise<void> {
    this.#publication.requireOpen('putChunk')
    requireChunk(given, 'SnapshotWriter.putChunk')
    let chunk = given
    for (let i = 0; i < chunk.count; i++) {
      const stored = chunk.key(i)
      const value = chunk.value(i)
      requireStoredKey(stored, this.#keyEncoding, 'SnapshotWriter.putChunk')
      const wait = this.#push(undefined, stored, value, undefined)
      this.#progress.addRow(stored.length + value.length)
      const pause = this.#pause(wait)
      if (pause === undefined) continue
      if (chunk === given) chunk = given.slice(0)
      await pause
    }
  }

  /** Seals every shard, writes the manifest and then moves the pointer. */
  async publish(): Promise<PublishedSnapshot> {
    return this.#publication.run(() => this.#within(() => this.#publish()))
  }

  /** Releases everything, after a running `publish()`. */
  async close(reason?: unknown): Promise<void> {
    await this.#publication.close(reason)
    await this.#end()
  }

  async #publish(): Promise<PublishedSnapshot> {
    const { objects, prefix, options, published } = this.#job
    const { signal } = options
    const sealStart = this.#progress.elapsedMs
    const selection = await this.#publication.prepare(async () => {
      await orAbort(this.#spread(), signal)
      this.#progress.enter('sealing')
      const selected = (this.#selection ??= await orAbort(this.#seal(), signal))
      await requireAdopted(this.#job, this.#adopted.values())
      throwIfAborted(signal)
      this.#progress.enter('publishing')
      return selected
    })
    const publishStart = this.#progress.elapsedMs
    const { manifest, ref } = await this.#publication.announce(
      async () =>
        published ?? publishWinners(this.#job, selection, this.#around.durable, this.#description),
    )
    // Readers already see the snapshot: no later problem may look like a failure to publish it.
    const losers = await removeLosers(objects, selection, prefix)
    for (const { url, error } of losers.failures)
      this.#job.warn(`the attempt ${url} has not won, and could not be removed`, error)
    await this.#run.succeed(ref.ref)
    await this.#end().catch(() => {})
    this.#progress.finish()
    this.#emitBuild('published', ref.ref)
    return this.#describe(selection, manifest, ref, losers, { sealStart, publishStart })
  }

  #describe(
    selection: Selection,
    manifest: Manifest,
    ref: ManifestRef,
    losers: RemovedLosers,
    { sealStart, publishStart }: { readonly sealStart: number; readonly publishStart: number },
  ): PublishedSnapshot {
    const { rows, elapsedMs } = this.#progress
    return {
      runId: this.#job.runId,
      prefix: this.#job.prefix,
      manifestRef: ref.ref,
      shards: manifest.entries.map((entry) => withJson({ ...entry })),
      rowCount: rows,
      bytes: selection.winners.reduce((sum, shard) => sum + shard.bytes, 0),
      attempts: selection.attemptUrls.length,
      losersRemoved: losers.attempts - losers.failures.length,
      shardsResumed: this.#adopted.size,
      runRecordRef: this.#run.ref,
      durations: {
        writeMs: Math.round(sealStart),
        sealMs: Math.round(publishStart - sealStart),
        publishMs: Math.round(elapsedMs - publishStart),
        totalMs: Math.round(elapsedMs),
      },
    }
  }

  async #seal(): Promise<Selection> {
    const { layout, options, concurrency } = this.#job
    const { signal } = options
    const sealed = (): void => {
      this.#progress.shardsSealed++
      this.#progress.report()
    }
    const isSmall = this.#progress.bytes <= SMALL_SHARD_BYTES * this.#lanes.size
    const most = options.concurrency === undefined && isSmall ? SMALL_CONCURRENCY : concurrency
    const results = await this.#lanes.seal({
      concurrency: Math.max(concurrency, most),
      signal,
      sealed,
    })
    // Every row was routed here, so shards without rows are empty: no report can be missing.
    return selectWinners(
      results,
      layout.shards ?? discoverCelShards(results.map((result) => result.id)),
    )
  }

  /** Without `key`, the stored bytes stand for it. */
  #push(
    key: Key | undefined,
    stored: Uint8Array,
    value: Uint8Array,
    context: RoutingContext | undefined,
    vector?: VectorRow,
  ): Promise<void> | undefined {
    if (this.#inferred === undefined) {
      const lane = this.#lanes.of(this.#route(key, stored, context))
      const wait = lane.push(stored, value)
      if (vector === undefined) return wait
      const later = lane.pushVector(vector)
      return wait === undefined || later === undefined
        ? (wait ?? later)
        : Promise.all([wait, later]).then(() => {})
    }
    checkLimits(stored, value, this.#job.engine.limits)
    return this.#inferred.push(key ?? this.#decode(stored), stored, value, context)
  }

  /** Distributes the stored rows to the shards, once these are known. */
  async #spread(): Promise<void> {
    const inferred = this.#inferred
    if (inferred === undefined) return
    const { options } = this.#job
    const { signal, memoryBytes } = options
    const sharding = { ...(options.sharding as CelShardingOption), values: inferred.values() }
    const layout = shardLayout(sharding, 'SnapshotWriter.publish')
    const memory = shareMemory(memoryBytes, layout.shards!)
    this.#job = { ...this.#job, layout, memory }
    for await (const [shard, chunk] of inferred.batches()) {
      throwIfAborted(signal)
      const lane = this.#lanes.of(shard)
      for (let i = 0; i < chunk.count; i++) {
        const pause = this.#lanes.pace(lane.push(chunk.key(i), chunk.value(i)), i)
        if (pause !== undefined) await orAbort(pause, signal)
      }
    }
    this.#inferred = undefined
    await inferred.close()
  }

  #decode(stored: Uint8Array): Key {
    return decodeKey(stored, this.#keyEncoding)
  }

  #route(key: Key | undefined, stored: Uint8Array, context: RoutingContext | undefined): number {
    const { router } = this.#job
    if (context === undefined && router.routeStored !== undefined)
      return router.routeStored(stored, this.#keyEncoding)
    try {
      return router.route(key ?? this.#decode(stored), context)
    } catch (error) {
      if (!isUnknownRoutingToken(error)) throw error
      throw new ShardyfusionError('SHARD_ROUTING', error.message, {
        cause: error,
        details: { ...error.details, peer: 'ShardAssignmentError' },
      })
    }
  }

  #openLane(shard: number): ShardLane {
    if (this.#job.published !== undefined) throw this.#changed(shard)
    this.#progress.shards++
    return openLane(this.#job, shard, this.#around)
  }

  /** Makes the error for a row of a published run whose shard had no rows. */
  #changed(shard: number): ShardyfusionError {
    const { runId } = this.#job
    return invalidOption(
      'SnapshotWriter',
      `resume: run ${runId} is published, and its shard ${shard} has no rows, but now gets some; ` +
        'build other input under another runId',
      { details: { runId, shard } },
    )
  }

  /** Returns the promise that the caller awaits before the next row, if any. */
  #pause(wait: Promise<void> | undefined): Promise<void> | undefined {
    const pause = this.#lanes.pace(wait, this.#progress.rows)
    return pause === undefined ? undefined : orAbort(pause, this.#job.options.signal)
  }

  async #abandon(): Promise<void> {
    const { objects, prefix, options } = this.#job
    const { mayBeVisible, isPublished, failure } = this.#publication
    const [closing] = await Promise.allSettled([this.#lanes.close()])
    await this.#around.spool?.close()
    await this.#inferred?.close()
    if (!mayBeVisible)
      await abandonAttempts(objects, this.#lanes, { prefix, keepSealed: options.resume })
    if (!isPublished) {
      await this.#run.fail(failure)
      this.#emitBuild('failed', undefined, failure)
    }
    await this.#job.close()
    if (closing.status === 'rejected') throw closing.reason
  }

  /** Makes work a part of the build, for subscribers. */
  #within<R>(work: () => R): R {
    return this.#trace === undefined ? work() : this.#trace.within(work)
  }

  #emitBuild(
    outcome: 'published' | 'failed',
    manifestRef: string | undefined,
    error?: unknown,
  ): void {
    if (this.#trace !== undefined) {
      Object.assign(this.#trace.message, { rows: this.#progress.rows, manifestRef })
      if (outcome === 'failed') this.#trace.fail(error)
      else this.#trace.end()
    }
    emit('build', () => {
      const { prefix, runId } = this.#job
      const { rows, elapsedMs: durationMs } = this.#progress
      return { outcome, prefix, runId, rows, durationMs, manifestRef, error }
    })
  }
}

function needsValues(where: string): ShardyfusionError {
  return invalidOption(
    where,
    "resume needs the values of the sealed shards, got sharding.values: 'infer'; list them",
  )
}
