import type {
  HitChunk,
  QueryInput,
  ReaderHealth,
  ReaderStats,
  SearchResult,
  ShardDetail,
  SnapshotInfo,
  VectorInput,
} from '@shardyfusion/core'
import {
  type PackedResults,
  throwIfAborted,
  unhealthy,
  withJson,
} from '@shardyfusion/core/internal'
import type {
  VectorReaderOptions,
  VectorSearchOptions,
  VectorSnapshotFacts,
} from '@shardyfusion/vector'
import { BridgeHandle } from '../bridge/bridge-handle.js'
import { type CallOptions, checkCall, splitOptions, type SyncOptions } from '../options.js'
import { ReadMeter } from '../read/read-meter.js'
import { decodeResults } from '../protocol/hits-frame.js'
import { type SearchCallOptions, splitSearch } from '../search/search-call.js'
import { expandResults, queryValues } from '../search/searched-vectors.js'

/** Options of a `VectorReaderSync`. */
export type VectorReaderSyncOptions = SyncOptions<VectorReaderOptions>

const NAME = 'VectorReaderSync'
const CALL_OPTIONS = ['signal', 'timeoutMs']

/**
 * Searches a snapshot of vectors without keys, without `await`: `VectorReader` of `@shardyfusion/vector`, run in a worker
 * thread while this one waits.
 *
 * Errors: those of `VectorReader`; SHARD_TIMEOUT after `timeoutMs`; SHARD_BRIDGE when the worker is gone.
 *
 * @example
 * using reader = VectorReaderSync.open({ prefix: 'file:///data/docs' })
 * const { results } = reader.search(query, { topK: 5, probes: 2 })
 */
export class VectorReaderSync implements Disposable {
  readonly #handle: BridgeHandle
  readonly #meter: ReadMeter
  #info: (SnapshotInfo & VectorSnapshotFacts) | undefined

  private constructor(handle: BridgeHandle, prefix: string) {
    this.#handle = handle
    this.#meter = new ReadMeter(NAME, prefix, () =>
      handle.bridge.call('vectorStats', [handle.id], handle.limits('stats')),
    )
    handle.ownedBy(this)
  }

  /** Opens a snapshot of vectors. Errors: as `VectorReader.open`, and SHARD_BRIDGE. */
  static open(options: VectorReaderSyncOptions): VectorReaderSync {
    const { bridge, signal, wire } = splitOptions<VectorReaderOptions>(options, `${NAME}.open`)
    const handle = new BridgeHandle(NAME, bridge)
    const startedAt = performance.now()
    const limits = handle.limits('open', { signal })
    const { prefix } = handle.bridge.call('openVectorReader', [handle.id, wire], limits)
    const reader = new VectorReaderSync(handle, prefix)
    reader.#meter.opened(performance.now() - startedAt, () => reader.info())
    return reader
  }

  /** The vectors nearest to a query, nearest first, in the shards that are nearest to it. */
  search(vector: VectorInput, options?: SearchCallOptions<VectorSearchOptions>): SearchResult {
    return expandResults(this.#find('search', vector, options))[0]!
  }

  /** The same for many queries in one call; results are in the order of the queries. */
  searchMany(
    queries: QueryInput,
    options?: SearchCallOptions<VectorSearchOptions>,
  ): SearchResult[] {
    return expandResults(this.#find('searchMany', queries, options))
  }

  /** The same as one packed buffer, for pipelines and other threads. */
  searchChunk(queries: QueryInput, options?: SearchCallOptions<VectorSearchOptions>): HitChunk {
    return this.#find('searchChunk', queries, options).hits
  }

  /** Returns the shards that a search for the vector would ask, the nearest first; reads nothing. */
  route(vector: VectorInput, options?: Pick<VectorSearchOptions, 'probes'>): number[] {
    const { bridge, id } = this.#start('route')
    const query = queryValues(vector, true, this.info(), `${NAME}.route`)
    return bridge.call('vectorRoute', [id, query, options ?? {}], this.#handle.limits('route'))
  }

  /** Returns facts about the open snapshot and its vectors; reads nothing. */
  info(): SnapshotInfo & VectorSnapshotFacts {
    const { bridge, id } = this.#start('info')
    this.#info ??= withJson(bridge.call('vectorInfo', [id], this.#handle.limits('info')))
    return this.#info
  }

  /** Returns one entry per shard, including empty ones; reads nothing. */
  shards(): ShardDetail[] {
    const { bridge, id } = this.#start('shards')
    const shards = bridge.call('vectorShards', [id], this.#handle.limits('shards'))
    return shards.map(withJson)
  }

  /** See `SnapshotReaderSync.health`. */
  health(options?: { stalenessThresholdMs?: number | undefined }): ReaderHealth {
    const { bridge, id, closed } = this.#handle
    if (closed || !bridge.usable) {
      const reason = closed
        ? 'this reader is closed'
        : 'its worker thread is gone; open a new reader'
      return unhealthy(reason, closed)
    }
    return bridge.call('vectorHealth', [id, options], this.#handle.limits('health'))
  }

  /** The counts of this reader since it was opened; see `SnapshotReaderSync.stats`. */
  stats(): ReaderStats {
    return this.#meter.stats()
  }

  /** Moves to the snapshot that `_CURRENT` names; returns true if it was another one. */
  refresh(options?: CallOptions): boolean {
    const { bridge, id } = this.#start('refresh')
    checkCall(options, CALL_OPTIONS, `${NAME}.refresh`)
    const moved = bridge.call('vectorRefresh', [id], this.#handle.limits('refresh', options))
    if (moved) this.#info = undefined
    return moved
  }

  /** Releases everything; idempotent. */
  close(options?: CallOptions): void {
    let last: ReaderStats | undefined
    try {
      last = this.#handle.close(options)
    } finally {
      this.#meter.close(last)
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #find(
    method: 'search' | 'searchMany' | 'searchChunk',
    queries: VectorInput | QueryInput,
    options: SearchCallOptions<VectorSearchOptions> | undefined,
  ): PackedResults {
    const where = `${NAME}.${method}`
    const { bridge, id } = this.#start(method)
    const { search, call } = splitSearch<VectorSearchOptions>(options, where)
    throwIfAborted(call.signal)
    const values = queryValues(queries, method === 'search', this.info(), where)
    const limits = this.#handle.limits(method, call)
    return decodeResults(bridge.call('vectorSearch', [id, method, values, search], limits), false)
  }

  #start(method: string): BridgeHandle {
    this.#handle.requireOpen(method, 'reader')
    return this.#handle
  }
}
