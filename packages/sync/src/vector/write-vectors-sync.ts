import type { PublishedSnapshot, RoutingContext } from '@shardyfusion/core'
import {
  accessor,
  describeValue,
  inRecord,
  invalidOption,
  isShardyfusionError,
  type VectorSettings,
  vectorRow,
} from '@shardyfusion/core/internal'
import type { WriteVectorsOptions } from '@shardyfusion/vector'
import { BridgeHandle } from '../bridge/bridge-handle.js'
import { splitOptions, type SyncOptions } from '../options.js'
import type { ListenerName, VectorPlace } from '../protocol/streams.js'
import { VectorStream } from './vector-stream.js'

/** Options of `writeVectorsSync`. */
export type WriteVectorsSyncOptions<T> = SyncOptions<WriteVectorsOptions<T>>

const NAME = 'writeVectorsSync'

/** Reads a part of a record. */
type RecordAccessor<T> = (record: T, index: number) => unknown

/**
 * Builds a snapshot of vectors without keys and publishes it, without `await`: `writeVectors` of `@shardyfusion/vector`,
 * whose shards are written by a worker thread while this one goes through the records.
 *
 * Shape: any iterable of records, read once. Errors: those of `writeVectors`, with the number of the record; nothing is
 * published then.
 *
 * @example
 * writeVectorsSync(documents, { prefix, dimensions: 384, sharding: { clusters: 16 }, probes: 4 })
 */
export function writeVectorsSync<T>(
  records: Iterable<T>,
  options: WriteVectorsSyncOptions<T>,
): PublishedSnapshot {
  requireIterable(records)
  if (typeof options !== 'object' || options === null)
    throw invalidOption(NAME, `options must be an object, got ${describeValue(options)}`)
  const { id, vector, payload, shard, context, ...rest } = options
  const fields = {
    id: accessor<T>(id ?? 'id', 'id', NAME),
    vector: accessor<T>(vector ?? 'vector', 'vector', NAME),
    payload: accessor<T>(payload ?? 'payload', 'payload', NAME),
    placeOf: placesOf<T>(rest.sharding, accessor<T>(shard ?? 'shard', 'shard', NAME), context),
  }
  const { bridge, signal, listeners, wire } = splitOptions<WriteVectorsOptions<T>>(
    rest as WriteVectorsSyncOptions<T>,
    NAME,
  )
  const handle = new BridgeHandle(NAME, bridge)
  const hears = Object.keys(listeners) as ListenerName[]
  const limits = { ...handle.limits('', { signal }), where: NAME }
  handle.bridge.call('openVectorBuild', [handle.id, wire as never, hears], limits)
  const stream = new VectorStream(handle, listeners, limits)
  const settings: VectorSettings = {
    dimensions: rest.dimensions,
    metric: rest.metric ?? 'cosine',
  }
  let index = 0
  let failure: unknown
  try {
    for (const record of records) {
      stream.push(rowOf(record, index, fields, settings), fields.placeOf(record, index))
      index++
    }
    stream.flush()
    return handle.bridge.call('vectorPublish', [handle.id], limits)
  } catch (error) {
    failure = isNamed(error) ? error : inRecord(error, index)
    throw failure
  } finally {
    closeQuietly(handle, failure)
  }
}

interface Fields<T> {
  readonly id: RecordAccessor<T>
  readonly vector: RecordAccessor<T>
  readonly payload: RecordAccessor<T>
}

function rowOf<T>(
  record: T,
  index: number,
  { id, vector, payload }: Fields<T>,
  settings: VectorSettings,
): ReturnType<typeof vectorRow> {
  const row = {
    id: id(record, index) as bigint,
    vector: vector(record, index) as Float32Array,
    payload: payload(record, index),
  }
  return vectorRow(row, undefined, settings, NAME)
}

/** Reads from a record by which the worker chooses the shard of its vector. */
function placesOf<T>(
  sharding: WriteVectorsOptions<T>['sharding'] | undefined,
  shard: RecordAccessor<T>,
  context: WriteVectorsOptions<T>['context'],
): (record: T, index: number) => VectorPlace {
  const given: object = typeof sharding === 'object' && sharding !== null ? sharding : {}
  if ('explicit' in given)
    return (record, index) => ({ shard: shard(record, index) as number | undefined })
  if (!('cel' in given)) return () => ({})
  const { columns } = given as { columns?: object }
  const names = Object.keys(columns ?? {})
  return (record, index) => {
    const all = context === undefined ? (record as RoutingContext) : context(record, index)
    // Other columns of a record may be large, or not cross threads.
    const own = names.filter((name) => all[name] !== undefined)
    return { context: Object.fromEntries(own.map((name) => [name, all[name]!])) }
  }
}

function requireIterable(records: unknown): void {
  if (typeof records === 'object' && records !== null && Symbol.iterator in records) return
  throw invalidOption(
    NAME,
    `records must be an iterable of records, got ${describeValue(records)}; async iterables and streams need writeVectors ` +
      'of @shardyfusion/vector',
  )
}

function isNamed(error: unknown): boolean {
  return isShardyfusionError(error) && error.details['record'] !== undefined
}

/** The error of the build is what the caller must see. */
function closeQuietly(handle: BridgeHandle, reason: unknown): void {
  try {
    handle.close(undefined, reason)
  } catch {
    // See above.
  }
}
