import pLimit, { type LimitFunction } from 'p-limit'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { ShardEngine } from '../engine/engine.js'
import { type Environment, resolveEnvironment } from '../engine/environment.js'
import { requireSeal, resolveEngine } from '../engine/resolve-engine.js'
import { ShardyfusionError } from '../errors.js'
import { decodeKey, encodeKey } from '../keys/stored-bytes.js'
import { ObjectManifestStore } from '../manifest/object-manifest-store.js'
import { publishManifest } from '../manifest/publish.js'
import type { ObjectStore } from '../objects/object-store.js'
import { openObjectStore } from '../objects/open-store.js'
import { shardUrl, validatePrefix, validateRunId } from '../objects/urls.js'
import {
  parseOptions,
  type SnapshotWriterOptions,
  snapshotWriterOptionsSchema,
} from '../options.js'
import { MAX_SHARDS, openRouter, type ShardRouter } from '../routing/shard-router.js'
import type { Key, KeyEncoding, RoutingContext, ValueEncoding } from '../types.js'
import { throwIfAborted } from '../util/abort.js'
import { closeOnce } from '../util/close-once.js'
import { newOpaqueId } from '../util/opaque-id.js'
import { buildManifest, type BuiltShard } from './build-manifest.js'
import { nextAttempt } from './next-attempt.js'
import { ProgressMeter } from './progress.js'
import type { PublishedSnapshot } from './published-snapshot.js'
import { shardLayout, type ShardLayout } from './shard-layout.js'
import { ShardSink } from './shard-sink.js'
import { type ValueInput, valueEncoder } from './value-encoder.js'

/** Names of the default layout (wire-format §1.1). */
const SHARD_PREFIX = 'shards'
const DB_PATH_TEMPLATE = 'db={db_id:05d}'
/** Buffered bytes are looked at once in so many rows. */
const ROWS_PER_BUFFER_CHECK = 256

interface Job {
  readonly prefix: string
  readonly runId: string
  readonly attempt: number
  readonly objects: ObjectStore
  readonly engine: ShardEngine
  readonly env: Environment | undefined
  readonly layout: ShardLayout
  readonly router: ShardRouter
  readonly options: ReturnType<typeof parseWriterOptions>
}

function parseWriterOptions(options: SnapshotWriterOptions) {
  return parseOptions(snapshotWriterOptionsSchema, options, 'SnapshotWriter.open')
}

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
  readonly #job: Job
  readonly #keyEncoding: KeyEncoding
  readonly #encodeValue: (value: unknown) => Uint8Array
  readonly #sinks = new Map<number, ShardSink>()
  readonly #writeSlots: LimitFunction
  readonly #progress: ProgressMeter
  #state: 'open' | 'publishing' | 'published' | 'closed' = 'open'
  readonly #closeSinks: () => Promise<void>

  private constructor(job: Job) {
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
    const where = 'SnapshotWriter.open'
    const o = parseWriterOptions(options)
    const prefix = validatePrefix(o.prefix, where)
    const layout = shardLayout(o.sharding, where)
    const runId = o.runId === undefined ? newOpaqueId() : validateRunId(o.runId, where)
    throwIfAborted(o.signal)
    const engine = await resolveEngine(o.engine, where)
    const env = resolveEnvironment(o, where)
    const objects = o.objects ?? (await openObjectStore(prefix))
    const router = await openRouter(layout.spec, layout.shards ?? MAX_SHARDS, { writing: true })
    // A run id of the caller's may have been used before, by a build that died.
    const attempt =
      o.runId === undefined ? 0 : await nextAttempt(objects, prefix, SHARD_PREFIX, runId)
    return new SnapshotWriter<E>({
      prefix,
      runId,
      attempt,
      objects,
      engine,
      env,
      layout,
      router,
      options: o,
    })
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
    const shard = this.#job.router.route(key, context)
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
      const shard = this.#job.router.route(decodeKey(stored, this.#keyEncoding))
      const wait = this.#sink(shard).push(stored, value)
      this.#progress.addRow(stored.length + value.length)
      await (wait ?? (i % ROWS_PER_BUFFER_CHECK === 0 ? this.#relieve() : undefined))
    }
  }

  /**
   * Seals every shard, writes the manifest and then moves the pointer: readers see all of it or nothing.
   *
   * Errors: SHARD_PUBLISH; the previous snapshot then stays current.
   */
  async publish(): Promise<PublishedSnapshot> {
    this.#requireOpen('publish')
    this.#state = 'publishing'
    const job = this.#job
    const sealStart = performance.now()
    this.#progress.enter('sealing')
    const shards = await this.#sealAll()
    throwIfAborted(job.options.signal)

    this.#progress.enter('publishing')
    const publishStart = performance.now()
    const manifest = buildManifest(shards, {
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
    const ref = await publishManifest(store, manifest, {
      objects: job.objects,
      shardUrls: shards.map((shard) => shard.url),
      signal: job.options.signal,
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
      bytes: shards.reduce((sum, shard) => sum + shard.stats.bytes, 0),
      durations: {
        writeMs: Math.round(elapsedMs - (performance.now() - sealStart)),
        sealMs: Math.round(publishStart - sealStart),
        publishMs: Math.round(performance.now() - publishStart),
        totalMs: Math.round(elapsedMs),
      },
    }
  }

  /** Releases everything; without `publish()` the run is abandoned and what it wrote removed. Idempotent. */
  async close(): Promise<void> {
    if (this.#state === 'open' || this.#state === 'publishing') this.#state = 'closed'
    await this.#closeSinks()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #sink(shard: number): ShardSink {
    let sink = this.#sinks.get(shard)
    if (sink === undefined) {
      const { maxBatchEntries, maxBatchBytes } = this.#job.options
      sink = new ShardSink({
        open: () => this.#openEngine(shard),
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

  async #openEngine(shard: number) {
    const { engine, objects, env, options, layout } = this.#job
    const writer = await engine.openWriter({
      url: this.#shardUrl(shard),
      objects,
      env,
      settings: options.settings,
      memoryBytes: Math.floor(options.memoryBytes / (layout.shards ?? 8)),
      openTimeoutMs: options.openTimeoutMs,
      signal: options.signal,
    })
    requireSeal(writer, engine, 'SnapshotWriter')
    return writer
  }

  #shardUrl(dbId: number): string {
    const { prefix, runId, attempt } = this.#job
    return shardUrl({
      prefix,
      shardPrefix: SHARD_PREFIX,
      runId,
      dbPathTemplate: DB_PATH_TEMPLATE,
      dbId,
      attempt,
    })
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

  #sealAll(): Promise<BuiltShard[]> {
    const limit = pLimit(this.#job.options.concurrency)
    const { attempt } = this.#job
    return Promise.all(
      [...this.#sinks].map(([id, sink]) =>
        limit(async (): Promise<BuiltShard> => {
          throwIfAborted(this.#job.options.signal)
          const startedAt = performance.now()
          const stats = await sink.seal()
          this.#progress.shardsSealed++
          this.#progress.tell()
          const durationMs = Math.round(performance.now() - startedAt)
          return {
            id,
            url: this.#shardUrl(id),
            attempt,
            stats,
            checkpointId: newOpaqueId(),
            durationMs,
          }
        }),
      ),
    )
  }

  async #abandon(): Promise<void> {
    const closings = await Promise.allSettled([...this.#sinks.values()].map((sink) => sink.close()))
    if (this.#state !== 'published') {
      // Best effort: nothing refers to these objects, and a cleanup would find them too.
      const { objects } = this.#job
      const urls = [...this.#sinks.keys()].map((shard) => this.#shardUrl(shard))
      await Promise.allSettled(urls.map((url) => objects.deletePrefix(url)))
    }
    for (const closing of closings) if (closing.status === 'rejected') throw closing.reason
  }

  #requireOpen(method: string): void {
    throwIfAborted(this.#job.options.signal)
    if (this.#state === 'open') return
    const what =
      this.#state === 'closed'
        ? 'this writer is closed'
        : 'this snapshot is already being published'
    throw new ShardyfusionError(
      'SHARD_CLOSED',
      `SnapshotWriter.${method}: ${what}; open a new writer`,
      {
        details: { peer: 'ReaderStateError', state: this.#state },
      },
    )
  }
}
