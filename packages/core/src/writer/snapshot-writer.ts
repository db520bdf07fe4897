import pLimit, { type LimitFunction } from 'p-limit'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import { requireChunk } from '../chunk/require-chunk.js'
import { type ErrorCode, isShardyfusionError, ShardyfusionError } from '../errors.js'
import { decodeKey, encodeKey } from '../keys/stored-bytes.js'
import type { ManifestRef } from '../manifest/manifest-store.js'
import type { Manifest } from '../manifest/manifest.js'
import type { SnapshotWriterOptions } from '../options.js'
import { discoverCelShards } from '../routing/discover-cel-shards.js'
import { isUnknownRoutingToken } from '../routing/group-by-shard.js'
import type { Key, KeyEncoding, RoutingContext, ValueEncoding } from '../types.js'
import { orAbort, throwIfAborted } from '../util/abort.js'
import { closeOnce } from '../util/close-once.js'
import { type BuildJob, jobAttempts, openBuildJob } from './build-job.js'
import { EngineLane } from './engine-lane.js'
import { ProgressMeter } from './progress.js'
import { publishWinners } from './publish-winners.js'
import type { PublishedSnapshot } from './published-snapshot.js'
import { removeLosers } from './remove-losers.js'
import { sealShards } from './seal-shards.js'
import { type Selection, selectWinners } from './select-winners.js'
import type { ShardLane } from './shard-lane.js'
import { type ValueInput, valueEncoder } from './value-encoder.js'

/** Buffered bytes are looked at once in so many rows. */
const ROWS_PER_BUFFER_CHECK = 256

/** Codes of failures after which nobody can tell whether the manifest, or the pointer, was written. */
const UNCERTAIN = new Set<ErrorCode>(['SHARD_PUBLISH', 'SHARD_STORE', 'SHARD_TIMEOUT'])

/** Why a writer takes no more entries, by its state. */
const REFUSALS = {
  publishing: 'this snapshot is being published and takes no more entries',
  unpublished: 'the shards of this snapshot are sealed, and publish() may be tried again',
  failed: 'sealing the shards of this snapshot has failed',
  published: 'this snapshot is published already',
  closed: 'this writer is closed',
} as const

/**
 * Builds a snapshot: routes every entry to its shard, and publishes all shards at once.
 *
 * Nothing is visible to readers before `publish()`; closing without it abandons the run and removes what it wrote.
 * Memory: about `maxBufferedBytes` in batches and `memoryBytes` in engines, whatever the number of rows.
 * Errors: SHARD_INVALID_KEY and SHARD_INVALID_VALUE (nothing of the entry is written); after `publish()` or
 * `close()` SHARD_CLOSED.
 *
 * @example
 * await using writer = await SnapshotWriter.open({ prefix, sharding: { shards: 8 } })
 * for (const row of rows) await writer.put(row.id, row.bytes)
 * await writer.publish()
 */
export class SnapshotWriter<E extends ValueEncoding = 'bytes'> implements AsyncDisposable {
  readonly #job: BuildJob
  readonly #keyEncoding: KeyEncoding
  readonly #encodeValue: (value: unknown) => Uint8Array
  readonly #lanes = new Map<number, ShardLane>()
  readonly #writeSlots: LimitFunction
  readonly #progress: ProgressMeter
  #state: keyof typeof REFUSALS | 'open' = 'open'
  #publishing: Promise<PublishedSnapshot> | undefined
  #selection: Selection | undefined
  // Once a manifest may name the shards, they are no longer ours to remove.
  #manifestTried = false
  readonly #closeLanes: () => Promise<void>

  private constructor(job: BuildJob) {
    this.#job = job
    this.#keyEncoding = job.options.keyEncoding
    this.#encodeValue = valueEncoder(job.options.valueEncoding, 'SnapshotWriter.put')
    this.#writeSlots = pLimit(job.options.concurrency)
    this.#progress = new ProgressMeter(job.options.onProgress)
    this.#closeLanes = closeOnce(() => this.#abandon())
  }

  static async open<E extends ValueEncoding = 'bytes'>(
    options: SnapshotWriterOptions & { valueEncoding?: E | undefined },
  ): Promise<SnapshotWriter<E>> {
    return new SnapshotWriter<E>(await openBuildJob(options, 'SnapshotWriter.open'))
  }

  get runId(): string {
    return this.#job.runId
  }

  /** Rows taken so far. */
  get rows(): number {
    return this.#progress.rows
  }

  /** Adds one entry; `context` names the columns of a CEL expression over other columns than the key. */
  async put(key: Key, value: ValueInput<E>, context?: RoutingContext): Promise<void> {
    await this.putSync(key, value, context)
  }

  /** The same without a promise for every row: what it returns, if anything, must be awaited before the next row. */
  putSync(key: Key, value: ValueInput<E>, context?: RoutingContext): Promise<void> | undefined {
    this.#requireOpen('put')
    const stored = encodeKey(key, this.#keyEncoding, 'SnapshotWriter.put')
    const shard = this.#route(key, context)
    const bytes = this.#encodeValue(value)
    const wait = this.#lane(shard).push(stored, bytes)
    this.#progress.addRow(stored.length + bytes.length)
    const due = wait === undefined && this.#progress.rows % ROWS_PER_BUFFER_CHECK === 0
    const pause = due ? this.#relieve() : wait
    return pause === undefined ? undefined : orAbort(pause, this.#job.options.signal)
  }

  /**
   * Adds entries whose keys are stored bytes already, routing each by its decoded key.
   *
   * For `utf8` and `raw` keys the bytes are what is hashed; for integer encodings the integer.
   */
  async putChunk(chunk: EntryChunk): Promise<void> {
    this.#requireOpen('putChunk')
    requireChunk(chunk, 'SnapshotWriter.putChunk')
    for (let i = 0; i < chunk.count; i++) {
      const stored = chunk.key(i)
      const value = chunk.value(i)
      const shard = this.#route(decodeKey(stored, this.#keyEncoding))
      const wait = this.#lane(shard).push(stored, value)
      this.#progress.addRow(stored.length + value.length)
      const pause = wait ?? (i % ROWS_PER_BUFFER_CHECK === 0 ? this.#relieve() : undefined)
      if (pause !== undefined) await orAbort(pause, this.#job.options.signal)
    }
  }

  /**
   * Seals every shard, writes the manifest and then moves the pointer: readers see all of it or nothing.
   *
   * Errors: SHARD_PUBLISH when manifest or pointer could not be written; the previous snapshot then stays
   * current, the shards are kept, and `publish()` may be called again. Other failures are final.
   */
  async publish(): Promise<PublishedSnapshot> {
    this.#requireOpen('publish', ['open', 'publishing', 'unpublished'])
    this.#state = 'publishing'
    // Two calls at once are one publication.
    this.#publishing ??= this.#publish().finally(() => {
      this.#publishing = undefined
    })
    return this.#publishing
  }

  /**
   * Releases everything; without `publish()` the run is abandoned and what it wrote removed. Idempotent.
   *
   * Waits for a `publish()` under way; what a failed one may have made visible is left in place.
   */
  async close(): Promise<void> {
    // A publication under way decides first whether the run counts; its error goes to who called it.
    if (this.#publishing !== undefined) await this.#publishing.catch(() => {})
    if (this.#state !== 'published') this.#state = 'closed'
    await this.#closeLanes()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #publish(): Promise<PublishedSnapshot> {
    const { prefix, runId, objects, options } = this.#job
    const { signal } = options
    const sealStart = this.#progress.elapsedMs
    try {
      this.#progress.enter('sealing')
      this.#selection ??= await orAbort(this.#seal(), signal)
      throwIfAborted(signal)
      this.#progress.enter('publishing')
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
    const publishStart = this.#progress.elapsedMs
    const selection = this.#selection
    const { manifest, ref } = await this.#publishManifest(selection)
    this.#state = 'published'
    // Readers see the snapshot: nothing that goes wrong from here on may look like a failure to publish it.
    const losers = await removeLosers(objects, selection)
    await this.#closeLanes().catch(() => {})
    this.#progress.finish()
    const { rows, elapsedMs } = this.#progress
    return {
      runId,
      prefix,
      manifestRef: ref.ref,
      shards: manifest.entries,
      rowCount: rows,
      bytes: selection.winners.reduce((sum, shard) => sum + shard.bytes, 0),
      attempts: selection.attemptUrls.length,
      losersRemoved: losers.attempts - losers.failures.length,
      durations: {
        writeMs: Math.round(sealStart),
        sealMs: Math.round(publishStart - sealStart),
        publishMs: Math.round(elapsedMs - publishStart),
        totalMs: Math.round(elapsedMs),
      },
    }
  }

  async #seal(): Promise<Selection> {
    const { layout, options } = this.#job
    const { concurrency, signal } = options
    const sealed = (): void => {
      this.#progress.shardsSealed++
      this.#progress.tell()
    }
    const lanes = this.#lanes.values()
    const results = await sealShards(lanes, { concurrency, signal, sealed })
    // Shards that no row went to are empty here, where every row was routed: none can have failed to report.
    return selectWinners(
      results,
      layout.shards ?? discoverCelShards(results.map((result) => result.id)),
    )
  }

  async #publishManifest(selection: Selection): Promise<{ manifest: Manifest; ref: ManifestRef }> {
    this.#manifestTried = true
    try {
      return await publishWinners(this.#job, selection)
    } catch (error) {
      // A manifest that was refused was not written either. Any other failure may have come after the
      // store had done its work, so that this run is listed, or even current.
      const refused = isShardyfusionError(error) && !UNCERTAIN.has(error.code)
      if (refused) this.#manifestTried = false
      this.#state = refused ? 'failed' : 'unpublished'
      throw error
    }
  }

  #route(key: Key, context?: RoutingContext): number {
    try {
      return this.#job.router.route(key, context)
    } catch (error) {
      if (!isUnknownRoutingToken(error)) throw error
      throw new ShardyfusionError('SHARD_ROUTING', error.message, {
        cause: error,
        details: { ...error.details, peer: 'ShardAssignmentError' },
      })
    }
  }

  #lane(shard: number): ShardLane {
    let lane = this.#lanes.get(shard)
    if (lane === undefined) {
      const { maxBatchEntries, maxBatchBytes } = this.#job.options
      lane = new EngineLane({
        attempts: jobAttempts(this.#job, shard),
        keyEncoding: this.#keyEncoding,
        limits: this.#job.engine.limits,
        maxBatchEntries,
        maxBatchBytes,
        schedule: (work) => this.#writeSlots(work),
      })
      this.#lanes.set(shard, lane)
      this.#progress.shards++
    }
    return lane
  }

  /** Keeps the batches of all shards together below their bound by writing the fullest early. */
  #relieve(): Promise<void> | undefined {
    let sum = 0
    let fullest: ShardLane | undefined
    for (const lane of this.#lanes.values()) {
      sum += lane.bufferedBytes
      if (lane.bufferedBytes > (fullest?.bufferedBytes ?? 0)) fullest = lane
    }
    return sum > this.#job.options.maxBufferedBytes ? fullest?.flushBuffer() : undefined
  }

  async #abandon(): Promise<void> {
    const lanes = [...this.#lanes.values()]
    const closings = await Promise.allSettled(lanes.map((lane) => lane.close()))
    if (!this.#manifestTried) {
      // Best effort: nothing refers to these objects, and a cleanup would find them too.
      const { objects } = this.#job
      const urls = lanes.flatMap((lane) => lane.attemptUrls)
      await Promise.allSettled(urls.map((url) => objects.deletePrefix(url)))
    }
    await this.#job.storage.close()
    for (const closing of closings) if (closing.status === 'rejected') throw closing.reason
  }

  #requireOpen(
    method: string,
    allowed: readonly (keyof typeof REFUSALS | 'open')[] = ['open'],
  ): void {
    throwIfAborted(this.#job.options.signal)
    const state = this.#state
    if (state === 'open' || allowed.includes(state)) return
    const message = `SnapshotWriter.${method}: ${REFUSALS[state]}; open a new writer`
    throw new ShardyfusionError('SHARD_CLOSED', message, {
      details: { peer: 'ReaderStateError', state },
    })
  }
}
