// Long because half of it documents the public methods, which need the same private state.

import * as v from 'valibot'
import type {
  EntryChunk,
  HitChunk,
  DecodedKeyOf,
  KeyEncoding,
  KeyOf,
  KeyRange,
  QueryInput,
  ReaderHealth,
  ReaderStats,
  RoutingContext,
  SearchHit,
  SearchOptions,
  SearchResult,
  ShardDetail,
  SnapshotInfo,
  SnapshotSearchOptions,
  ValuesOption,
  SnapshotReaderOptions,
  VectorFields,
  VectorId,
  VectorInput,
} from '@shardyfusion/core'
import type { DecodedKey, KeyView, ReadValue, SchemaOption } from '@shardyfusion/core/extend'
import {
  decodeKey,
  encodeOwnLookupKey,
  keyOfHit,
  type PackedResults,
  parseOptions,
  requireKeyList,
  snapshotReaderOptionsSchema,
  throwIfAborted,
  unhealthy,
  type ValueDecoder,
  valueDecoder,
  withJson,
} from '@shardyfusion/core/internal'
import type { CallLimits } from '../bridge/sleep.js'
import { BridgeHandle } from '../bridge/bridge-handle.js'
import { LookupCache } from './lookup-cache.js'
import { ReadMeter } from './read-meter.js'
import type { OpenedSnapshot } from '../worker/core-host.js'
import {
  type CallOptions,
  checkCall,
  type ReadCallOptions,
  type SnapshotReaderSyncOptions,
  type SnapshotScanCallOptions,
  splitOptions,
} from '../options.js'
import {
  decodeValues,
  encodeKeyRequest,
  encodeKeysRequest,
  type WireKey,
  wireKey,
} from '../protocol/frame.js'
import { decodeResults } from '../protocol/hits-frame.js'
import { type SearchCallOptions, splitSearch } from '../search/search-call.js'
import { expandResults, queryValues } from '../search/searched-vectors.js'
import { ScanIteratorSync } from '../scan/scan-iterator-sync.js'

const NAME = 'SnapshotReaderSync'
const READ_OPTIONS = ['context', 'signal', 'timeoutMs']
const CALL_OPTIONS = ['signal', 'timeoutMs']

const { entries } = snapshotReaderOptionsSchema
/** The options that this thread handles. */
const hereSchema = v.object({
  keys: entries.keys,
  values: entries.values,
  schema: entries.schema,
  valueCacheBytes: entries.valueCacheBytes,
})

/**
 * Reads a published snapshot without `await`: `SnapshotReader` of core, run in a worker thread while this one waits.
 *
 * Shards open when first needed, at most `maxOpenShards` at a time. Every call sees one whole snapshot;
 * `undefined` means "no such key" and nothing else.
 * Errors: those of `SnapshotReader`; SHARD_TIMEOUT after `timeoutMs`; SHARD_BRIDGE when the worker is gone.
 *
 * @example
 * using reader = SnapshotReaderSync.open({ prefix: 'file:///data/prices', values: 'json' })
 * const price = reader.get(42)
 */
export class SnapshotReaderSync<
  T = Uint8Array,
  K extends KeyView = 'bytes',
  E extends KeyEncoding = KeyEncoding,
> implements Disposable {
  readonly #handle: BridgeHandle
  readonly #keys: KeyView
  readonly #decoder: ValueDecoder
  readonly #cache: LookupCache
  readonly #meter: ReadMeter
  #keyEncoding: KeyEncoding
  #vectors: VectorFields | undefined

  private constructor(
    handle: BridgeHandle,
    { keyEncoding, prefix }: OpenedSnapshot,
    options: v.InferOutput<typeof hereSchema>,
  ) {
    this.#handle = handle
    this.#keyEncoding = keyEncoding
    this.#keys = options.keys
    const { values, schema } = options
    this.#decoder = valueDecoder({
      values,
      schema,
      where: NAME,
      keyEncoding: () => this.#keyEncoding,
    })
    this.#meter = new ReadMeter(NAME, prefix, () =>
      handle.bridge.call('snapshotStats', [handle.id], handle.limits('stats')),
    )
    const { valueCache } = this.#meter.counters
    this.#cache = new LookupCache(options.valueCacheBytes, this.#decoder, valueCache)
    this.#meter.cache = this.#cache
    handle.ownedBy(this)
  }

  /**
   * Opens the current snapshot, or the one that `runId` or `manifestRef` names.
   *
   * Errors: as `SnapshotReader.open`, and SHARD_BRIDGE.
   */
  static open<
    const V extends ValuesOption = 'bytes',
    K extends KeyView = 'bytes',
    S extends SchemaOption = undefined,
    E extends KeyEncoding = KeyEncoding,
  >(
    options: SnapshotReaderSyncOptions & {
      values?: V | undefined
      keys?: K | undefined
      schema?: S | undefined
      keyEncoding?: E | undefined
    },
  ): SnapshotReaderSync<ReadValue<V, S>, K, E> {
    const { bridge, signal, wire } = splitOptions<SnapshotReaderOptions>(options, `${NAME}.open`)
    const here = parseOptions(hereSchema, options, `${NAME}.open`)
    const handle = new BridgeHandle(NAME, bridge)
    const limits = handle.limits('open', { signal })
    // Core in the worker checks the other options.
    const startedAt = performance.now()
    const opened = handle.bridge.call('openSnapshotReader', [handle.id, wire], limits)
    const reader = new SnapshotReaderSync<ReadValue<V, S>, K, E>(handle, opened, here)
    reader.#meter.opened(performance.now() - startedAt, () => reader.info())
    return reader
  }

  /** How keys of the open snapshot are stored. */
  get keyEncoding(): KeyEncoding {
    return this.#keyEncoding
  }

  /**
   * Returns the value of `key`, or `undefined`.
   *
   * The type of the key matters: `42` and `42n` are the same key, `'42'` is another.
   * Errors: SHARD_INVALID_KEY, SHARD_ROUTING if a `context` is needed.
   */
  get(key: KeyOf<E>, options?: ReadCallOptions): T | undefined {
    const meter = this.#meter
    const startedAt = meter.start()
    try {
      const { bridge, id } = this.#start('get', READ_OPTIONS, options)
      throwIfAborted(options?.signal)
      // A copy: the value is cached under it after the wait, in which callbacks may reuse the caller's buffer.
      const stored = wireKey(key, encodeOwnLookupKey(key, this.#keyEncoding, `${NAME}.get`))
      const context = options?.context
      if (context !== undefined) {
        const limits = this.#handle.limits('get', options)
        const from = meter.startWait(startedAt)
        const value = bridge.call('snapshotGetWith', [id, key, context], limits)
        return meter.waited(value && (this.#decoder.decode(value, stored.bytes) as T), from)
      }
      const kept = this.#cache.find(stored)
      if (kept !== undefined) return meter.cached(kept.value as T | undefined, startedAt)
      const { request, length } = encodeKeyRequest(id, stored)
      const limits = this.#handle.limits('get', options)
      const from = meter.startWait(startedAt)
      const value = bridge.callPacked('snapshotGet', request, limits, length)
      return meter.waited(this.#cache.set(stored, value) as T | undefined, from)
    } catch (error) {
      throw meter.failed(error)
    }
  }

  /** Returns the values of `keys` in their order, `undefined` for missing ones, in one call of the worker. */
  getMany(keys: readonly KeyOf<E>[], options?: ReadCallOptions): (T | undefined)[] {
    const meter = this.#meter
    try {
      const from = meter.startWait(0)
      return meter.batch(this.#getMany(keys, options), from)
    } catch (error) {
      throw meter.failed(error)
    }
  }

  #getMany(keys: readonly KeyOf<E>[], options: ReadCallOptions | undefined): (T | undefined)[] {
    const where = `${NAME}.getMany`
    const { bridge, id } = this.#start('getMany', READ_OPTIONS, options)
    throwIfAborted(options?.signal)
    requireKeyList(keys, where)
    const stored = keys.map((key) =>
      wireKey(key, encodeOwnLookupKey(key, this.#keyEncoding, where)),
    )
    const limits = this.#handle.limits('getMany', options)
    const context = options?.context
    if (context !== undefined) {
      const reply = bridge.call('snapshotGetManyWith', [id, keys, context], limits)
      return decodeValues(reply, keys.length).map(
        (value, i) => value && this.#decoder.decode(value, stored[i]!.bytes),
      ) as T[]
    }
    const kept = stored.map((key) => this.#cache.find(key))
    const wanted = stored.filter((_, i) => kept[i] === undefined)
    const found = wanted.length === 0 ? [] : this.#readMany(wanted, limits)
    let next = 0
    return kept.map((slot, i) => {
      if (slot !== undefined) return slot.value
      return this.#cache.set(stored[i]!, found[next++])
    }) as (T | undefined)[]
  }

  /**
   * Entries of the whole snapshot in the order of stored keys, merged over all shards, fetched in chunks.
   *
   * The scan stays on its snapshot until it ends. Ranges are half-open,
   * `[start, end)`; `ordered: false` streams shard after shard, which is faster.
   * Units: `chunkSize` and `limit` count entries.
   */
  scanIter(
    range?: KeyRange<KeyOf<E>>,
    options?: SnapshotScanCallOptions,
  ): ScanIteratorSync<readonly [DecodedKey<K, E>, T]> {
    const handle = this.#start('scanIter', [])
    const { signal, timeoutMs, ...scan } = options ?? {}
    checkCall({ signal, timeoutMs }, CALL_OPTIONS, `${NAME}.scanIter`)
    const scanHandle = new BridgeHandle(`${NAME}.scanIter`, handle.options)
    const limits = handle.limits('scanIter', { signal, timeoutMs })
    handle.bridge.call('snapshotScan', [handle.id, scanHandle.id, range as KeyRange, scan], limits)
    const decoded = this.#keys === 'decoded'
    const keyEncoding = this.#keyEncoding
    return new ScanIteratorSync<readonly [DecodedKey<K, E>, T]>(scanHandle, {
      signal,
      timeoutMs,
      requireOpen: () => handle.requireOpen('scanIter', 'reader'),
      decode: (chunk: EntryChunk, i) => {
        const key = chunk.key(i)
        return [
          (decoded ? decodeKey(key, keyEncoding) : key) as DecodedKey<K, E>,
          this.#decoder.decode(chunk.value(i), key) as T,
        ]
      },
    })
  }

  /**
   * The vectors nearest to a query, nearest first: `SnapshotReader.search` of core. `where` is a CEL expression.
   *
   * Errors: SHARD_INVALID_VALUE for a query that does not fit; SHARD_INVALID_OPTION if the snapshot has no vectors.
   */
  search(vector: VectorInput, options?: SearchCallOptions<SnapshotSearchOptions>): SearchResult<T> {
    const found = this.#find('search', vector, options)
    return expandResults<T>(found, this.#decodeHit)[0]!
  }

  /** The same for many queries in one call, which is faster; results are in the order of the queries. */
  searchMany(
    queries: QueryInput,
    options?: SearchCallOptions<SnapshotSearchOptions>,
  ): SearchResult<T>[] {
    const found = this.#find('searchMany', queries, options)
    return expandResults<T>(found, this.#decodeHit)
  }

  /** The same as one packed buffer, for pipelines and other threads. */
  searchChunk(queries: QueryInput, options?: SearchCallOptions<SearchOptions>): HitChunk {
    return this.#find('searchChunk', queries, options).hits
  }

  /** The vectors nearest to that of a row, without the row itself. Errors: SHARD_NOT_FOUND. */
  searchLike(key: KeyOf<E>, options?: SearchCallOptions<SnapshotSearchOptions>): SearchResult<T> {
    const { bridge, id } = this.#start('searchLike', [])
    const { search, call } = splitSearch<SnapshotSearchOptions>(options, `${NAME}.searchLike`)
    const limits = this.#handle.limits('searchLike', call)
    const { packed } = bridge.call('snapshotSearchLike', [id, key, search], limits)
    const { results, ...facts } = packed as SearchResult<Uint8Array>
    const decoded = results.map((hit) => {
      if (hit.value === undefined) return withJson(hit as SearchHit<never>)
      return Object.assign(withJson(hit), { value: this.#decodeHit(hit.value, hit.id) })
    })
    return { results: decoded as SearchHit<T>[], ...facts }
  }

  /** Facts about the vectors of the open snapshot, `undefined` if it has none; reads nothing. */
  vectors(): VectorFields | undefined {
    const { bridge, id } = this.#start('vectors', [])
    this.#vectors ??= bridge.call('snapshotVectors', [id], this.#handle.limits('vectors'))
    return this.#vectors
  }

  /** Returns the shard of a key, whether or not the key exists. */
  shardFor(key: KeyOf<E>, options?: { context?: RoutingContext | undefined }): ShardDetail {
    const { bridge, id } = this.#start('shardFor', ['context'], options)
    const limits = this.#handle.limits('shardFor')
    return withJson(bridge.call('snapshotShardFor', [id, key, options], limits))
  }

  /** Returns facts about the open snapshot; reads nothing. */
  info(): SnapshotInfo {
    const { bridge, id } = this.#start('info', [])
    return withJson(bridge.call('snapshotInfo', [id], this.#handle.limits('info')))
  }

  /** Returns one entry per shard, including empty ones; reads nothing. */
  shards(): ShardDetail[] {
    const { bridge, id } = this.#start('shards', [])
    const shards = bridge.call('snapshotShards', [id], this.#handle.limits('shards'))
    return shards.map(withJson)
  }

  /**
   * Returns whether the reader can serve, and the age of its snapshot.
   *
   * `degraded` if it is older than `stalenessThresholdMs`, or if `_CURRENT` names another one, which is damaged.
   */
  health(options?: { stalenessThresholdMs?: number | undefined }): ReaderHealth {
    const { bridge, id, closed } = this.#handle
    if (closed || !bridge.usable) {
      const reason = closed
        ? 'this reader is closed'
        : 'its worker thread is gone; open a new reader'
      return unhealthy(reason, closed)
    }
    return bridge.call('snapshotHealth', [id, options], this.#handle.limits('health'))
  }

  /**
   * The counts of this reader since it was opened: lookups, requests, caches, open shards, refreshes, errors. See
   * `SnapshotReader.stats` of core. Reads nothing; also after `close()`.
   */
  stats(): ReaderStats {
    return this.#meter.stats()
  }

  /**
   * Moves to the snapshot that `_CURRENT` names; returns true if it was another one.
   *
   * Running scans finish on the snapshot they started with. If the new one cannot be read, the old one stays and the
   * error is thrown, except for a malformed manifest, which gives false; `health()` is then degraded.
   */
  refresh(options?: CallOptions): boolean {
    const { bridge, id } = this.#start('refresh', CALL_OPTIONS, options)
    const limits = this.#handle.limits('refresh', options)
    const { moved, keyEncoding } = bridge.call('snapshotRefresh', [id], limits)
    this.#keyEncoding = keyEncoding
    if (moved) {
      this.#cache.clear()
      this.#vectors = undefined
    }
    return moved
  }

  /** Decodes a stored key to the caller's type: bigint for integer encodings, string for `utf8`, bytes for `raw`. */
  decodeKey(bytes: Uint8Array): DecodedKeyOf<E> {
    return decodeKey(bytes, this.#keyEncoding) as DecodedKeyOf<E>
  }

  /** Releases everything; idempotent. */
  close(options?: CallOptions): void {
    let last: ReaderStats | undefined
    try {
      last = this.#handle.close(options)
    } finally {
      this.#meter.close(last)
      this.#cache.clear()
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #find(
    method: 'search' | 'searchMany' | 'searchChunk',
    queries: VectorInput | QueryInput,
    options: SearchCallOptions<SnapshotSearchOptions> | undefined,
  ): PackedResults {
    const where = `${NAME}.${method}`
    const { bridge, id } = this.#start(method, [])
    const { search, call } = splitSearch<SnapshotSearchOptions>(options, where)
    throwIfAborted(call.signal)
    // Without vectors, core in the worker says what the snapshot lacks.
    const facts = this.vectors()
    const values = facts && queryValues(queries, method === 'search', facts, where)
    const request = [id, method, values ?? new Float32Array(0), search] as const
    const limits = this.#handle.limits(method, call)
    const reply = bridge.call('snapshotSearch', [...request], limits)
    return decodeResults(reply, search.withValues === true)
  }

  /** Vectors with values have the keys of their rows as ids. */
  readonly #decodeHit = (bytes: Uint8Array, id: VectorId): unknown => {
    const key = keyOfHit(id, this.#keyEncoding, NAME)
    return this.#decoder.decode(bytes, encodeOwnLookupKey(key, this.#keyEncoding, NAME))
  }

  #start(method: string, known: readonly string[], options?: ReadCallOptions): BridgeHandle {
    this.#handle.requireOpen(method, 'reader')
    checkCall(options, known, `${NAME}.${method}`)
    return this.#handle
  }

  #readMany(keys: readonly WireKey[], limits: CallLimits): (Uint8Array | undefined)[] {
    const { bridge, id } = this.#handle
    const reply = bridge.callPacked('snapshotGetMany', encodeKeysRequest(id, keys), limits)
    return decodeValues(reply!, keys.length)
  }
}
