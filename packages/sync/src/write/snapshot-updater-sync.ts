import * as v from 'valibot'
import type {
  EntryChunk,
  Key,
  RoutingContext,
  ShardingOption,
  SnapshotUpdaterOptions,
  UpdatedSnapshot,
  UpdatePlan,
  ValuesOption,
} from '@shardyfusion/core'
import type { SchemaOption, WrittenValue } from '@shardyfusion/core/extend'
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
  type UpdaterFacts,
  valueEncoder,
  type ValueEncoder,
  valueEntries,
} from '@shardyfusion/core/internal'
import { BridgeHandle } from '../bridge/bridge-handle.js'
import type { CallLimits } from '../bridge/sleep.js'
import {
  type CallOptions,
  checkCall,
  type SnapshotUpdaterSyncOptions,
  splitOptions,
} from '../options.js'
import type { ListenerName, RoutedRow } from '../protocol/streams.js'
import { PutStream } from './put-stream.js'
import {
  lenientAtTheEnd,
  type Refusals,
  SNAPSHOT_CHUNKS,
  SnapshotPublication,
  WRITER_CALL_OPTIONS,
} from './snapshot-publication.js'

const NAME = 'SnapshotUpdaterSync'
/** The options that this thread handles. */
const hereSchema = v.object(valueEntries)
const REFUSALS: Refusals = {
  unpublished: 'publishing this update has failed, and publish() may be called again',
  published: 'this update is published already; open a new updater',
  closed: 'this updater is closed; open a new updater',
}

interface Opened extends UpdaterFacts {
  readonly runId: string
  readonly baseRunId: string
}

/**
 * Makes the next snapshot from the current one and changes without `await`: `SnapshotUpdater` of core, run in a worker
 * thread while this one continues.
 *
 * Nothing is visible to readers before `publish()`; closing without it abandons the update. Errors: those of
 * `SnapshotUpdater`. Keys and values are checked immediately. A failure of a CEL expression is thrown by a later call
 * than its change, names the record, and ends the update.
 *
 * @example
 * using updater = SnapshotUpdaterSync.open({ prefix })
 * updater.put(42n, bytes)
 * updater.delete(7n)
 * updater.publish()
 */
export class SnapshotUpdaterSync<T = Uint8Array> implements Disposable {
  /** Id of the run. */
  readonly runId: string
  /** The run that the update starts from. */
  readonly baseRunId: string
  readonly #handle: BridgeHandle
  readonly #stream: PutStream
  readonly #facts: UpdaterFacts
  readonly #encodeValue: ValueEncoder
  /** Whether rows must cross as they were given, to be routed. */
  readonly #routesRows: boolean
  readonly #limits: CallLimits
  readonly #publication: SnapshotPublication

  private constructor(
    handle: BridgeHandle,
    opened: Opened,
    stream: PutStream,
    options: v.InferOutput<typeof hereSchema> & { signal: AbortSignal | undefined },
  ) {
    this.runId = opened.runId
    this.baseRunId = opened.baseRunId
    this.#handle = handle
    this.#stream = stream
    this.#facts = opened
    const { values, schema, signal } = options
    const { keyEncoding } = opened
    this.#encodeValue = valueEncoder({ values, schema, keyEncoding, where: `${NAME}.put` })
    this.#routesRows = 'cel' in opened.sharding
    this.#limits = handle.limits('put', { signal })
    this.#publication = new SnapshotPublication(NAME, handle, signal, REFUSALS)
    handle.ownedBy(this)
  }

  /** Starts an update of the current snapshot. */
  static open<const V extends ValuesOption = 'bytes', S extends SchemaOption = undefined>(
    options: SnapshotUpdaterSyncOptions & { values?: V | undefined; schema?: S | undefined },
  ): SnapshotUpdaterSync<WrittenValue<V, S>> {
    const where = `${NAME}.open`
    const { bridge, signal, listeners, wire } = splitOptions<SnapshotUpdaterOptions>(options, where)
    const here = parseOptions(hereSchema, options, where)
    const handle = new BridgeHandle(NAME, bridge)
    const limits = handle.limits('open', { signal })
    const hears = Object.keys(listeners) as ListenerName[]
    const opened = handle.bridge.call('openSnapshotUpdater', [handle.id, wire, hears], limits)
    const stream = new PutStream(handle, {
      ...SNAPSHOT_CHUNKS,
      listeners: lenientAtTheEnd(listeners),
    })
    return new SnapshotUpdaterSync<WrittenValue<V, S>>(handle, opened, stream, { ...here, signal })
  }

  /** Changes taken so far. */
  get changes(): number {
    return this.#stream.count
  }

  /** How the keys of the snapshot are stored, the name of their column, and how they are distributed. */
  get keyEncoding(): UpdaterFacts['keyEncoding'] {
    return this.#facts.keyEncoding
  }

  /** Name of the key column. */
  get keyColumn(): string {
    return this.#facts.keyColumn
  }

  /** How rows are assigned to shards. */
  get sharding(): ShardingOption {
    return this.#facts.sharding
  }

  /** Puts one row; a later change of the same key replaces this one. */
  put(key: Key, value: T, context?: RoutingContext): void {
    const stored = this.#stored('put', key)
    const bytes = this.#encodeValue(value, stored)
    checkLimits(stored, bytes, this.#facts.limits)
    this.#stream.push(stored, bytes, this.#row(key, context), this.#limits)
  }

  /** Deletes a key; nothing happens if it does not exist. */
  delete(key: Key, context?: RoutingContext): void {
    const stored = this.#stored('delete', key)
    this.#stream.pushDelete(stored, this.#row(key, context), this.#limits)
  }

  /** Puts the entries of a chunk, whose keys are stored bytes already; the chunk is copied. */
  putChunk(chunk: EntryChunk): void {
    this.#checkChunk('putChunk', chunk)
    for (let i = 0; i < chunk.count; i++)
      checkLimits(chunk.key(i), chunk.value(i), this.#facts.limits)
    this.#stream.pushChunk(chunk, this.#limits)
  }

  /** Deletes the keys of a chunk, whatever their values. */
  deleteChunk(chunk: EntryChunk): void {
    this.#checkChunk('deleteChunk', chunk)
    this.#stream.pushChunk(chunk, this.#limits, 'all')
  }

  /** Returns what `publish()` would write now; writes nothing. */
  plan(options?: CallOptions): UpdatePlan {
    this.#publication.requireOpen('plan')
    checkCall(options, WRITER_CALL_OPTIONS, `${NAME}.plan`)
    const { bridge, id } = this.#handle
    const limits = this.#handle.limits('plan', { signal: this.#limits.signal, ...options })
    this.#stream.flush(limits)
    return bridge.call('updatePlan', [id], limits)
  }

  /**
   * Merges the changes, writes the manifest and then moves the pointer: readers see all of it or nothing.
   *
   * Errors: as `SnapshotUpdater.publish`; after SHARD_PUBLISH without `details.conflict`, it may be called again.
   */
  publish(options?: CallOptions): UpdatedSnapshot {
    const { bridge, id } = this.#handle
    return this.#publication.run(this.#stream, options, (limits) =>
      bridge.call('updatePublish', [id], limits),
    )
  }

  /** Releases everything; without `publish()` the update is abandoned. Idempotent. */
  close(reason?: unknown, options?: CallOptions): void {
    this.#handle.close(options, reason)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #stored(method: string, key: Key): Uint8Array {
    this.#publication.requireOpen(method)
    const stored = encodeKey(key, this.#facts.keyEncoding, `${NAME}.${method}`)
    if (typeof key === 'bigint') requireInt64(key, `${NAME}.${method}`)
    return stored
  }

  #row(key: Key, context: RoutingContext | undefined): RoutedRow | undefined {
    // Changes wait until their chunk is full; the caller may have reused its buffers by then.
    return this.#routesRows ? { key: ownKey(key), context: ownContext(context) } : undefined
  }

  #checkChunk(method: string, chunk: EntryChunk): void {
    const where = `${NAME}.${method}`
    this.#publication.requireOpen(method)
    requireChunk(chunk, where)
    const { keyEncoding } = this.#facts
    for (let i = 0; i < chunk.count; i++) {
      const key = chunk.key(i)
      requireStoredKey(key, keyEncoding, where)
      if (keyEncoding === 'u64be') requireInt64(decodeKey(key, 'u64be') as bigint, where)
    }
  }
}
