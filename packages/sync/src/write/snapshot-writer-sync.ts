import * as v from 'valibot'
import type {
  EntryChunk,
  Key,
  KeyEncoding,
  KeyOf,
  PublishedSnapshot,
  RoutingContext,
  RowVector,
  ValuesOption,
  SnapshotWriterOptions,
} from '@shardyfusion/core'
import type { EngineLimits, SchemaOption, WrittenValue } from '@shardyfusion/core/extend'
import {
  checkLimits,
  decodeKey,
  encodeKey,
  ownContext,
  ownKey,
  parseOptions,
  requireChunk,
  requireInt64,
  requireStoredKey,
  unexpectedVector,
  valueEncoder,
  type ValueEncoder,
  valueEntries,
  type VectorSettings,
  type VectorRow,
  vectorRow,
} from '@shardyfusion/core/internal'
import type { CallLimits } from '../bridge/sleep.js'
import { BridgeHandle } from '../bridge/bridge-handle.js'
import { type CallOptions, type SnapshotWriterSyncOptions, splitOptions } from '../options.js'
import type { ListenerName } from '../protocol/streams.js'
import { PutStream } from './put-stream.js'
import {
  lenientAtTheEnd,
  type Refusals,
  SNAPSHOT_CHUNKS,
  SnapshotPublication,
} from './snapshot-publication.js'

const NAME = 'SnapshotWriterSync'
/** The options that this thread handles. */
const hereSchema = v.object(valueEntries)
const REFUSALS: Refusals = {
  unpublished: 'publishing this snapshot has failed, and publish() may be called again',
  published: 'this snapshot is published already; open a new writer',
  closed: 'this writer is closed; open a new writer',
}

/**
 * Builds a snapshot without `await`: `SnapshotWriter` of core, run in a worker thread while this one continues.
 *
 * Nothing is visible to readers before `publish()`; closing without it abandons the run and removes its objects.
 * Errors: those of `SnapshotWriter`. Keys and values are checked immediately. A failure of storage or of a CEL expression
 * is thrown by a later call than its `put`, names the record, and ends the build.
 *
 * @example
 * using writer = SnapshotWriterSync.open({ prefix, sharding: { shards: 8 } })
 * for (const row of rows) writer.put(row.id, row.bytes)
 * writer.publish()
 */
export class SnapshotWriterSync<
  T = Uint8Array,
  E extends KeyEncoding = KeyEncoding,
> implements Disposable {
  /** Id of this run. */
  readonly runId: string
  readonly #handle: BridgeHandle
  readonly #stream: PutStream
  readonly #keyEncoding: KeyEncoding
  readonly #encodeValue: ValueEncoder
  readonly #engineLimits: EngineLimits | undefined
  /** Whether rows must cross as they were put, to be routed. */
  readonly #routesRows: boolean
  readonly #vectors: VectorSettings | undefined
  readonly #putLimits: CallLimits
  readonly #publication: SnapshotPublication

  private constructor(
    handle: BridgeHandle,
    opened: { runId: string; limits: EngineLimits | undefined; keyEncoding: KeyEncoding },
    stream: PutStream,
    options: v.InferOutput<typeof hereSchema> & {
      routesRows: boolean
      vectors: VectorSettings | undefined
      signal: AbortSignal | undefined
    },
  ) {
    this.runId = opened.runId
    this.#handle = handle
    this.#stream = stream
    const { keyEncoding } = opened
    const { values, schema } = options
    this.#keyEncoding = keyEncoding
    this.#encodeValue = valueEncoder({ values, schema, keyEncoding, where: `${NAME}.put` })
    this.#engineLimits = opened.limits
    this.#routesRows = options.routesRows
    this.#vectors = options.vectors
    this.#putLimits = handle.limits('put', { signal: options.signal })
    this.#publication = new SnapshotPublication(NAME, handle, options.signal, REFUSALS)
    handle.ownedBy(this)
  }

  /** Starts a build. Errors: as `SnapshotWriter.open`, and SHARD_BRIDGE. */
  static open<
    const V extends ValuesOption = 'bytes',
    S extends SchemaOption = undefined,
    E extends KeyEncoding = 'u64be',
  >(
    options: SnapshotWriterSyncOptions & {
      values?: V | undefined
      schema?: S | undefined
      keyEncoding?: E | undefined
    },
  ): SnapshotWriterSync<WrittenValue<V, S>, E> {
    const { bridge, signal, listeners, wire } = splitOptions<SnapshotWriterOptions>(
      options,
      `${NAME}.open`,
    )
    const here = parseOptions(hereSchema, options, `${NAME}.open`)
    const handle = new BridgeHandle(NAME, bridge)
    const limits = handle.limits('open', { signal })
    const hears = Object.keys(listeners) as ListenerName[]
    const opened = handle.bridge.call('openSnapshotWriter', [handle.id, wire, hears], limits)
    const stream = new PutStream(handle, {
      ...SNAPSHOT_CHUNKS,
      listeners: lenientAtTheEnd(listeners),
    })
    // Checked by core in the worker.
    const { sharding, vector } = options
    const routesRows = 'cel' in sharding || vector !== undefined
    const vectors = vector && { dimensions: vector.dimensions, metric: vector.metric ?? 'cosine' }
    return new SnapshotWriterSync<WrittenValue<V, S>, E>(handle, opened, stream, {
      ...here,
      routesRows,
      vectors,
      signal,
    })
  }

  /** Rows taken so far. */
  get rows(): number {
    return this.#stream.count
  }

  /**
   * Adds one entry; `context` names the columns of a CEL expression over other columns than the key, `vector` is the
   * vector of the row, if the writer has the option `vector`.
   */
  put(key: KeyOf<E>, value: T, context?: RoutingContext, vector?: RowVector): void {
    this.#publication.requireOpen('put')
    const stored = encodeKey(key, this.#keyEncoding, `${NAME}.put`)
    if (typeof key === 'bigint') requireInt64(key, `${NAME}.put`)
    const bytes = this.#encodeValue(value, stored)
    checkLimits(stored, bytes, this.#engineLimits)
    // Rows wait until their chunk is full; the caller may have reused its buffers by then.
    const row = this.#routesRows ? { key: ownKey(key), context: ownContext(context) } : undefined
    const found = vector === undefined ? undefined : this.#vectorRow(vector, key)
    this.#stream.push(stored, bytes, row, this.#putLimits, found)
  }

  /**
   * Adds entries whose keys are stored bytes already, routing each by its decoded key; the chunk is copied.
   *
   * For `utf8` and `raw` keys the bytes are hashed; for integer encodings the integer.
   */
  putChunk(chunk: EntryChunk): void {
    const where = `${NAME}.putChunk`
    this.#publication.requireOpen('putChunk')
    requireChunk(chunk, where)
    for (let i = 0; i < chunk.count; i++) {
      const key = chunk.key(i)
      requireStoredKey(key, this.#keyEncoding, where)
      if (this.#keyEncoding === 'u64be') requireInt64(decodeKey(key, 'u64be') as bigint, where)
      checkLimits(key, chunk.value(i), this.#engineLimits)
    }
    this.#stream.pushChunk(chunk, this.#putLimits)
  }

  /**
   * Seals every shard, writes the manifest and then moves the pointer: readers see all of it or nothing.
   *
   * Errors: SHARD_PUBLISH if manifest or pointer could not be written; the previous snapshot then stays
   * current, the shards stay in storage, and `publish()` may be called again. SHARD_TIMEOUT after `timeoutMs`, which
   * ends the build, as other failures do.
   */
  publish(options?: CallOptions): PublishedSnapshot {
    const { bridge, id } = this.#handle
    return this.#publication.run(this.#stream, options, (limits) =>
      bridge.call('snapshotPublish', [id], limits),
    )
  }

  /**
   * Releases everything; without `publish()` the run is abandoned and its objects are removed. Idempotent.
   *
   * The record of an abandoned run stores `reason`.
   */
  close(reason?: unknown, options?: CallOptions): void {
    this.#handle.close(options, reason)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #vectorRow(vector: RowVector, key: Key): VectorRow {
    const where = `${NAME}.put`
    if (this.#vectors === undefined) throw unexpectedVector(where)
    return vectorRow(vector, key, this.#vectors, where)
  }
}
