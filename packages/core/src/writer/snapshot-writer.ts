import pLimit, { type LimitFunction } from 'p-limit'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import { ShardyfusionError } from '../errors.js'
import { decodeKey, encodeKey } from '../keys/stored-bytes.js'
import { ObjectManifestStore } from '../manifest/object-manifest-store.js'
import { publishManifest } from '../manifest/publish.js'
import type { SnapshotWriterOptions } from '../options.js'
import { isUnknownRoutingToken } from '../routing/group-by-shard.js'
import type { Key, KeyEncoding, RoutingContext, ValueEncoding } from '../types.js'
import { throwIfAborted } from '../util/abort.js'
import { closeOnce } from '../util/close-once.js'
import { newOpaqueId } from '../util/opaque-id.js'
import {
  type BuildJob,
  DB_PATH_TEMPLATE,
  jobShardUrl,
  openBuildJob,
  openJobShard,
  SHARD_PREFIX,
} from './build-job.js'
import { buildManifest, type BuiltShard } from './build-manifest.js'
import { ProgressMeter } from './progress.js'
import type { PublishedSnapshot } from './published-snapshot.js'
import { ShardSink } from './shard-sink.js'
import { type ValueInput, valueEncoder } from './value-encoder.js'

/** Buffered bytes are looked at once in so many rows. */
const ROWS_PER_BUFFER_CHECK = 256

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
  readonly #sinks = new Map<number, ShardSink>()
  readonly #writeSlots: LimitFunction
  readonly #progress: ProgressMeter
  #state: 'open' | 'sealed' | 'published' | 'closed' = 'open'
  #publishing: Promise<PublishedSnapshot> | undefined
  #built: readonly BuiltShard[] | undefined
  // Once a manifest may name the shards, they are no longer ours to remove.
  #manifestTried = false
  readonly #closeSinks: () => Promise<void>

  private constructor(job: BuildJob) {
    this.#job = job
    this.#keyEncoding = job.options.keyEncoding
    this.#encodeValue = valueEncoder(job.options.valueEncoding, 'SnapshotWriter.put')
    this.#writeSlots = pLimit(job.options.concurrency)
    this.#progress = new ProgressMeter(job.options.onProgress)
    this.#closeSinks = closeOnce(() => this.#abandon())
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
    const wait = this.#sink(shard).push(stored, bytes)
    this.#progress.addRow(stored.length + bytes.length)
    if (wait === undefined && this.#progress.rows % ROWS_PER_BUFFER_CHECK === 0)
      return this.#relieve()
    return wait
  }

  /**
   * Adds entries whose keys are stored bytes already, routing each by its decoded key.
   *
   * For `utf8` and `raw` keys the bytes are what is hashed; for integer encodings the integer.
   */
  async putChunk(chunk: EntryChunk): Promise<void> {
    this.#requireOpen('putChunk')
    for (let i = 0; i < chunk.count; i++) {
      const stored = chunk.key(i)
      const value = chunk.value(i)
      const shard = this.#route(decodeKey(stored, this.#keyEncoding))
      const wait = this.#sink(shard).push(stored, value)
      this.#progress.addRow(stored.length + value.length)
      await (wait ?? (i % ROWS_PER_BUFFER_CHECK === 0 ? this.#relieve() : undefined))
    }
  }

  /**
   * Seals every shard, writes the manifest and then moves the pointer: readers see all of it or nothing.
   *
   * Errors: SHARD_PUBLISH; the previous snapshot stays current, and `publish()` may be called again.
   */
  async publish(): Promise<PublishedSnapshot> {
    this.#requireOpen('publish', ['open', 'sealed'])
    this.#state = 'sealed'
    // Two calls at once are one publication.
    this.#publishing ??= this.#publish().finally(() => {
      this.#publishing = undefined
    })
    return this.#publishing
  }

  /** Releases everything; without `publish()` the run is abandoned and what it wrote removed. Idempotent. */
  async close(): Promise<void> {
    // A publication under way decides first whether the run counts; its error goes to who called it.
    await this.#publishing?.catch(() => {})
    if (this.#state !== 'published') this.#state = 'closed'
    await this.#closeSinks()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #publish(): Promise<PublishedSnapshot> {
    const job = this.#job
    const { signal } = job.options
    const sealStart = this.#progress.elapsedMs
    this.#progress.enter('sealing')
    this.#built ??= await this.#sealAll()
    throwIfAborted(signal)

    const publishStart = this.#progress.elapsedMs
    this.#progress.enter('publishing')
    const built = this.#built
    const manifest = buildManifest(built, {
      runId: job.runId,
      prefix: job.options.prefix,
      layout: job.layout,
      keyColumn: job.options.keyColumn,
      keyEncoding: this.#keyEncoding,
      shardPrefix: SHARD_PREFIX,
      dbPathTemplate: DB_PATH_TEMPLATE,
      custom: job.options.custom,
    })
    const store = new ObjectManifestStore(job.objects, job.prefix)
    this.#manifestTried = true
    const ref = await publishManifest(store, manifest, {
      objects: job.objects,
      shardUrls: built.map((shard) => shard.url),
      signal,
    })
    this.#state = 'published'
    await this.#closeSinks()
    this.#progress.enter('done')
    const { rows, elapsedMs } = this.#progress
    return {
      runId: job.runId,
      prefix: job.prefix,
      manifestRef: ref.ref,
      shards: manifest.entries,
      rowCount: rows,
      bytes: built.reduce((sum, shard) => sum + shard.stats.bytes, 0),
      durations: {
        writeMs: Math.round(sealStart),
        sealMs: Math.round(publishStart - sealStart),
        publishMs: Math.round(elapsedMs - publishStart),
        totalMs: Math.round(elapsedMs),
      },
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

  #sink(shard: number): ShardSink {
    let sink = this.#sinks.get(shard)
    if (sink === undefined) {
      const { maxBatchEntries, maxBatchBytes } = this.#job.options
      sink = new ShardSink({
        open: () => openJobShard(this.#job, shard),
        limits: this.#job.engine.limits,
        maxBatchEntries,
        maxBatchBytes,
        schedule: (work) => this.#writeSlots(work),
      })
      this.#sinks.set(shard, sink)
      this.#progress.shards++
    }
    return sink
  }

  /** Keeps the batches of all shards together below their bound by writing the fullest early. */
  #relieve(): Promise<void> | undefined {
    let sum = 0
    let fullest: ShardSink | undefined
    for (const sink of this.#sinks.values()) {
      sum += sink.bufferedBytes
      if (sink.bufferedBytes > (fullest?.bufferedBytes ?? 0)) fullest = sink
    }
    return sum > this.#job.options.maxBufferedBytes ? fullest?.flushBuffer() : undefined
  }

  async #sealAll(): Promise<BuiltShard[]> {
    const limit = pLimit(this.#job.options.concurrency)
    const sealing = [...this.#sinks].map(([id, sink]) => limit(() => this.#seal(id, sink)))
    // All must have come to rest before a failure is told, so that closing finds no engine at work.
    const results = await Promise.allSettled(sealing)
    return results.map((result) => {
      if (result.status === 'rejected') throw result.reason
      return result.value
    })
  }

  async #seal(id: number, sink: ShardSink): Promise<BuiltShard> {
    throwIfAborted(this.#job.options.signal)
    const startedAt = performance.now()
    const stats = await sink.seal()
    this.#progress.shardsSealed++
    this.#progress.tell()
    return {
      id,
      url: jobShardUrl(this.#job, id),
      attempt: this.#job.attempt,
      stats,
      checkpointId: newOpaqueId(),
      durationMs: Math.round(performance.now() - startedAt),
    }
  }

  async #abandon(): Promise<void> {
    const closings = await Promise.allSettled([...this.#sinks.values()].map((sink) => sink.close()))
    if (!this.#manifestTried) {
      // Best effort: nothing refers to these objects, and a cleanup would find them too.
      const { objects } = this.#job
      const urls = [...this.#sinks.keys()].map((shard) => jobShardUrl(this.#job, shard))
      await Promise.allSettled(urls.map((url) => objects.deletePrefix(url)))
    }
    await this.#job.storage.close()
    for (const closing of closings) if (closing.status === 'rejected') throw closing.reason
  }

  #requireOpen(method: string, allowed: readonly string[] = ['open']): void {
    throwIfAborted(this.#job.options.signal)
    if (allowed.includes(this.#state)) return
    const what = {
      open: 'this writer is open',
      sealed: 'this snapshot is being published and takes no more entries',
      published: 'this snapshot is published already',
      closed: 'this writer is closed',
    }[this.#state]
    throw new ShardyfusionError(
      'SHARD_CLOSED',
      `SnapshotWriter.${method}: ${what}; open a new writer`,
      {
        details: { peer: 'ReaderStateError', state: this.#state },
      },
    )
  }
}
