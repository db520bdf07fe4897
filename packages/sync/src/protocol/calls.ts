import type * as Maintain from '@shardyfusion/core/maintain'
import type {
  CleanupSnapshotsOptions,
  ListRunsOptions,
  ListSnapshotsOptions,
  RollbackOptions,
  VerifySnapshotOptions,
} from '@shardyfusion/core/maintain'
import type { StorageOptions } from '@shardyfusion/core/extend'
import type {
  Key,
  KeyRange,
  RoutingContext,
  ScanOptions,
  ShardReaderOptions,
  ShardWriterOptions,
  SnapshotReaderOptions,
  SnapshotScanOptions,
  SnapshotSearchOptions,
  SnapshotUpdaterOptions,
  SnapshotWriterOptions,
} from '@shardyfusion/core'
import {
  decodeError,
  packedSearch,
  packErrors,
  peekKey,
  resumableScan,
  type WireError,
} from '@shardyfusion/core/internal'
import type {
  VectorReaderOptions,
  VectorSearchOptions,
  WriteVectorsOptions,
} from '@shardyfusion/vector'
import type { CoreHost } from '../worker/core-host.js'
import { cloned, packed } from './call-table.js'
import type { ListenerName } from './streams.js'
import type { WireOptions } from './wire-options.js'
import { encodeResults } from './hits-frame.js'
import { decodeKeyRequest, decodeKeysRequest, encodeValues, keyOf } from './frame.js'

const call = cloned<CoreHost>()
const bytesCall = packed<CoreHost>()

/** A function of core: options in, plain data (including errors) out; its callbacks are forwarded to `to`. */
function job<O extends StorageOptions, R>(
  run: (maintain: typeof Maintain, options: O) => Promise<R>,
) {
  return call(
    async (
      host,
      { signal },
      options: WireOptions<O>,
      to: number,
      hears: readonly ListenerName[],
    ): Promise<Packed<R>> => {
      const result = await host.run(options, async (loaded) => {
        const all = { ...loaded, ...host.listeners(to, hears), signal }
        return run(await host.maintain(), all as unknown as O)
      })
      return { packed: packErrors(result) }
    },
  )
}

/** A result of this type whose errors are packed. */
export interface Packed<R> {
  readonly packed: unknown
  readonly type?: R
}

/**
 * All calls of the worker; a new call is one entry here.
 *
 * The caller chooses the ids of open objects in the worker. Options come as the caller passed them, without the parts
 * that cannot cross threads.
 */
export const calls = {
  // A reader of one shard.
  openShardReader: call((host, { signal }, id: number, options: WireOptions<ShardReaderOptions>) =>
    host.openShardReader(id, options, signal),
  ),
  shardGet: bytesCall((host, request) => {
    const { handle, key } = decodeKeyRequest(request)
    return host.shardReader(handle).get(key.bytes)
  }),
  shardGetMany: bytesCall(async (host, request) => {
    const { handle, keys } = decodeKeysRequest(request)
    return encodeValues(await host.shardReader(handle).getMany(keys.map(({ bytes }) => bytes)))
  }),
  shardStats: call((host, _, handle: number) => host.shardReader(handle).stats()),
  shardScan: call(
    (host, _, handle: number, id: number, range: KeyRange | undefined, o: ScanOptions) =>
      host.startScan(id, host.shardReader(handle)[resumableScan](range, o)),
  ),

  // A reader of a snapshot.
  openSnapshotReader: call(
    (host, { signal }, id: number, options: WireOptions<SnapshotReaderOptions>) =>
      host.openSnapshotReader(id, options, signal),
  ),
  snapshotGet: bytesCall((host, request) => {
    const { handle, key } = decodeKeyRequest(request)
    const reader = host.snapshotReader(handle)
    // A value in memory is replied at once, without a turn of the event loop.
    const peeked = reader[peekKey](keyOf(key)) as Uint8Array | undefined | null
    return peeked === null ? reader.get(keyOf(key)) : peeked
  }),
  snapshotGetWith: call((host, _, handle: number, key: Key, context: RoutingContext) =>
    host.snapshotReader(handle).get(key, { context }),
  ),
  snapshotGetMany: bytesCall(async (host, request) => {
    const { handle, keys } = decodeKeysRequest(request)
    return encodeValues(await host.snapshotReader(handle).getMany(keys.map(keyOf)))
  }),
  snapshotGetManyWith: call(
    async (host, _, handle: number, keys: readonly Key[], context: RoutingContext) =>
      encodeValues(await host.snapshotReader(handle).getMany(keys, { context })),
  ),
  snapshotScan: call(
    (host, _, handle: number, id: number, range: KeyRange | undefined, o: SnapshotScanOptions) =>
      host.startScan(id, host.snapshotReader(handle)[resumableScan](range, o)),
  ),
  // Values of all queries in one message; results come as bytes.
  snapshotSearch: call(
    async (
      host,
      { signal },
      handle: number,
      method: string,
      queries: Float32Array,
      o: SnapshotSearchOptions,
    ) =>
      encodeResults(
        await host.snapshotReader(handle)[packedSearch](method, queries, { ...o, signal }),
      ),
  ),
  snapshotSearchLike: call(
    async (host, { signal }, handle: number, key: Key, o: SnapshotSearchOptions) => ({
      packed: await host.snapshotReader(handle).searchLike(key, { ...o, signal }),
    }),
  ),
  snapshotVectors: call((host, _, handle: number) => host.snapshotReader(handle).vectors()),
  snapshotShardFor: call(
    (host, _, handle: number, key: Key, options: { context?: RoutingContext } | undefined) =>
      host.snapshotReader(handle).shardFor(key, options),
  ),
  snapshotInfo: call((host, _, handle: number) => host.snapshotReader(handle).info()),
  snapshotShards: call((host, _, handle: number) => host.snapshotReader(handle).shards()),
  snapshotHealth: call(
    (host, _, handle: number, options: { stalenessThresholdMs?: number | undefined } | undefined) =>
      host.snapshotReader(handle).health(options),
  ),
  snapshotStats: call((host, _, handle: number) => host.snapshotReader(handle).stats()),
  snapshotRefresh: call(async (host, { signal }, handle: number) => {
    const reader = host.snapshotReader(handle)
    const moved = await reader.refresh({ signal })
    host.noteSnapshot(reader)
    return { moved, keyEncoding: reader.keyEncoding }
  }),

  // Writers; entries come as messages, see streams.ts.
  openShardWriter: call((host, { signal }, id: number, options: WireOptions<ShardWriterOptions>) =>
    host.openShardWriter(id, options, signal),
  ),
  shardFlush: call(async (host, { signal }, handle: number) => {
    const writer = await host.shardWriter(handle).drained(signal)
    await writer.flush()
  }),
  shardSeal: call(async (host, { signal }, handle: number) => {
    const writer = await host.shardWriter(handle).drained(signal)
    return writer.seal()
  }),
  openSnapshotWriter: call(
    (
      host,
      { signal },
      id: number,
      options: WireOptions<SnapshotWriterOptions>,
      hears: readonly ListenerName[],
    ) => host.openSnapshotWriter(id, options, hears, signal),
  ),
  snapshotPublish: call(async (host, { signal }, handle: number) => {
    const writer = await host.snapshotWriter(handle).drained(signal)
    return writer.publish()
  }),

  openSnapshotUpdater: call(
    (
      host,
      { signal },
      id: number,
      options: WireOptions<SnapshotUpdaterOptions>,
      hears: readonly ListenerName[],
    ) => host.openSnapshotUpdater(id, options, hears, signal),
  ),
  updatePlan: call(async (host, { signal }, handle: number) => {
    const updater = await host.snapshotUpdater(handle).drained(signal)
    return updater.plan()
  }),
  updatePublish: call(async (host, { signal }, handle: number) => {
    const updater = await host.snapshotUpdater(handle).drained(signal)
    return updater.publish()
  }),

  // Snapshots of vectors without keys; the package that reads them is loaded when it is needed.
  openVectorReader: call(
    (host, { signal }, id: number, options: WireOptions<VectorReaderOptions>) =>
      host.openVectorReader(id, options, signal),
  ),
  vectorSearch: call(
    async (
      host,
      { signal },
      handle: number,
      method: string,
      queries: Float32Array,
      o: VectorSearchOptions,
    ) =>
      encodeResults(
        await host.vectorReader(handle)[packedSearch](method, queries, { ...o, signal }),
      ),
  ),
  vectorRoute: call(
    (host, _, handle: number, vector: Float32Array, o: Pick<VectorSearchOptions, 'probes'>) =>
      host.vectorReader(handle).route(vector, o),
  ),
  vectorInfo: call((host, _, handle: number) => host.vectorReader(handle).info()),
  vectorShards: call((host, _, handle: number) => host.vectorReader(handle).shards()),
  vectorHealth: call(
    (host, _, handle: number, options: { stalenessThresholdMs?: number | undefined } | undefined) =>
      host.vectorReader(handle).health(options),
  ),
  vectorStats: call((host, _, handle: number) => host.vectorReader(handle).stats()),
  vectorRefresh: call((host, { signal }, handle: number) =>
    host.vectorReader(handle).refresh({ signal }),
  ),
  openVectorBuild: call(
    (
      host,
      { signal },
      id: number,
      options: WireOptions<WriteVectorsOptions<unknown>>,
      hears: readonly ListenerName[],
    ) => host.openVectorBuild(id, options, hears, signal),
  ),
  vectorPublish: call((host, { signal }, handle: number) =>
    host.vectorBuild(handle).publish(signal),
  ),

  // Anything open.
  close: call((host, _, handle: number, reason: WireError | undefined) =>
    host.closeHandle(handle, reason && decodeError(reason)),
  ),

  // Maintenance of published snapshots.
  listSnapshots: job((maintain, o: ListSnapshotsOptions) => maintain.listSnapshots(o)),
  listRuns: job((maintain, o: ListRunsOptions) => maintain.listRuns(o)),
  rollbackSnapshot: job((maintain, o: RollbackOptions) => maintain.rollbackSnapshot(o)),
  cleanupSnapshots: job((maintain, o: CleanupSnapshotsOptions) => maintain.cleanupSnapshots(o)),
  verifySnapshot: job((maintain, o: VerifySnapshotOptions) => maintain.verifySnapshot(o)),
}
