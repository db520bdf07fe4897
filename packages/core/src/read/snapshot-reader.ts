// Long because half of it documents the public methods, which need the same private state.

import type { InferOutput } from 'valibot'
import { encodeRange } from '../keys/key-range.js'
import { requireKeyList } from '../keys/key-list.js'
import { ownContext, ownKey } from '../keys/own-key.js'
import { decodeKey } from '../keys/stored-bytes.js'
import { checkCallOptions, type SignalOption } from '../options/call-options.js'
import { parseOptions } from '../options/parse-options.js'
import type { Manifest } from '../snapshot/manifest/manifest.js'
import { invalidOption } from '../errors/error-factories.js'
import type { ReadOptions } from './lookup/read-options.js'
import { type SnapshotScanOptions, snapshotScanOptionsSchema } from './scan/scan-options.js'
import {
  type ReadRateLimit,
  type SnapshotReaderOptions,
  snapshotReaderOptionsSchema,
} from './snapshot-reader-options.js'
import type {
  ByteRange,
  DecodedKeyOf,
  KeyEncoding,
  KeyOf,
  KeyRange,
  RoutingContext,
} from '../types.js'
import { throwIfAborted } from '../async/abort.js'
import { emit, lookups } from '../diagnostics/events.js'
import { ReaderCounters, type ReaderStats } from '../diagnostics/reader-stats.js'
import { getManyTrace, getTrace, startTrace, traced } from '../diagnostics/traces.js'
import { TokenBucket } from '../async/token-bucket.js'
import { refuseVectorOnly } from './session/manifest-sources.js'
import {
  limitBehind,
  type ResumableScan,
  resumableScan,
  type ScanPosition,
} from './scan/resumable-scan.js'
import { ScanIterator } from './scan/scan-iterator.js'
import {
  describeShard,
  type ReaderHealth,
  type ShardDetail,
  type SnapshotInfo,
} from './snapshot-info.js'
import { peekKey } from './lookup/peek-key.js'
import { type KeyedSnapshot, lookUp, lookUpMany, peekOne } from './lookup/snapshot-lookup.js'
import { LookupSampler } from './lookup/lookup-sampler.js'
import { CountedSource } from './scan/counted-source.js'
import { snapshotScan } from './scan/snapshot-scan.js'
import type { HitChunk } from '../chunk/hit-chunk.js'
import type { VectorInput } from '../options/vector-values.js'
import { type VectorFields, vectorFields } from '../snapshot/vector-fields.js'
import { manyQueries, oneQuery, type QueryInput } from './search/search-queries.js'
import { ReaderSearch } from './search/reader-search.js'
import type { SearchOptions, SnapshotSearchOptions } from './search/search-options.js'
import {
  expandHits,
  packedSearch,
  type PackedResults,
  type SearchResult,
} from './search/search-result.js'
import { SnapshotSession } from './session/snapshot-session.js'
import { openSnapshot } from './session/snapshot-state.js'
import { ValueCache } from './lookup/value-cache.js'
import { requireReadable } from '../values/codec-name.js'
import type { StandardSchema } from '../values/standard-schema.js'
import type { ReadValue, SchemaOption, ValuesOption } from '../values/value-codec.js'
import { type ValueDecoder, valueDecoder } from '../values/value-decoder.js'
import { isPromise } from '../async/is-promise.js'

const READ_OPTIONS = ['context', 'signal']
const NAME = 'SnapshotReader'
const SCAN = `${NAME}.scanIter`

/** Scanned keys: stored bytes, or decoded by the snapshot's encoding. */
export type KeyView = 'bytes' | 'decoded'
/** The type of the keys of scans. */
export type DecodedKey<K extends KeyView, E extends KeyEncoding = KeyEncoding> = K extends 'decoded'
  ? DecodedKeyOf<E>
  : Uint8Array

/**
 * Reads a published snapshot: point lookups, ordered scans, and moves to the next snapshot without
 * a torn read.
 *
 * Shards open at first use, at most `maxOpenShards` at a time. Every call sees one whole snapshot;
 * `undefined` always means "no such key". Opened with `runId` or `manifestRef`, the reader stays on
 * that snapshot. Errors: SHARD_NOT_FOUND if nothing is published below `prefix`, SHARD_MANIFEST if
 * the manifest cannot be read; after `close()` SHARD_CLOSED.
 *
 * @example
 * await using reader = await SnapshotReader.open({ prefix: 'file:///data/prices', values:
 * 'json' })
 * const price = await reader.get(42)
 */
export class SnapshotReader<
  T = Uint8Array,
  K extends KeyView = 'bytes',
  E extends KeyEncoding = KeyEncoding,
> implements AsyncDisposable {
  readonly #session: SnapshotSession<ValueCache | undefined>
  readonly #keys: KeyView
  readonly #decoder: ValueDecoder
  readonly #chunkSize: number
  readonly #concurrency: number
  readonly #limit: TokenBucket | undefined
  readonly #counters: ReaderCounters
  readonly #sampler: LookupSampler
  readonly #searches: ReaderSearch
  /** Closes it and releases what it holds. Idempotent. */
  readonly close: () => Promise<void>

  private constructor(
    session: SnapshotSession<ValueCache | undefined>,
    counters: ReaderCounters,
    options: {
      keys: KeyView
      values: ValuesOption
      schema?: StandardSchema | undefined
      iteratorChunkSize: number
      concurrency: number
      rateLimit?: ReadRateLimit | undefined
    },
  ) {
    this.#session = session
    this.#keys = options.keys
    const { values, schema } = options
    const keyEncoding = (): KeyEncoding => this.keyEncoding
    this.#decoder = valueDecoder({ values, schema, where: NAME, keyEncoding })
    this.#chunkSize = options.iteratorChunkSize
    this.#concurrency = options.concurrency
    this.#limit = options.rateLimit && new TokenBucket(options.rateLimit.keysPerSecond)
    this.#counters = counters
    this.#sampler = new LookupSampler(session.prefix, counters)
    this.#searches = new ReaderSearch(NAME, session, {
      decoder: this.#decoder,
      counters,
      concurrency: options.concurrency,
    })
    this.close = session.close
  }

  /** Opens the current snapshot, or the one that `runId` or `manifestRef` names. Errors: SHARD_NOT_FOUND, SHARD_MANIFEST, SHARD_INVALID_OPTION. */
  static async open<
    const V extends ValuesOption = 'bytes',
    K extends KeyView = 'bytes',
    S extends SchemaOption = undefined,
    E extends KeyEncoding = KeyEncoding,
  >(
    options: SnapshotReaderOptions & {
      values?: V | undefined
      keys?: K | undefined
      schema?: S | undefined
      keyEncoding?: E | undefined
    },
  ): Promise<SnapshotReader<ReadValue<V, S>, K, E>> {
    const o = parseOptions(snapshotReaderOptionsSchema, options, `${NAME}.open`)
    const {
      keys,
      keyEncoding,
      values,
      schema,
      iteratorChunkSize,
      concurrency,
      rateLimit,
      ...rest
    } = o
    const { valueCacheBytes, ...session } = rest
    const own = { keys, values, schema, iteratorChunkSize, concurrency, rateLimit }
    const counters = new ReaderCounters()
    const counts = counters.valueCache
    const opened = await SnapshotSession.open<ValueCache | undefined>(session, {
      name: NAME,
      counters,
      check: (manifest, where) => {
        refuseVectorOnly(manifest, where)
        requireKeyEncoding(keyEncoding, manifest, where)
        requireReadable(values, manifest.valueCodec, where)
      },
      attach: () => (valueCacheBytes === 0 ? undefined : new ValueCache(valueCacheBytes, counts)),
      stats: (cached) =>
        cached && {
          valueCache: { ...counts, bytes: cached.bytes, maxBytes: valueCacheBytes },
        },
      detach: (cached) => cached?.clear(),
    })
    return new SnapshotReader<ReadValue<V, S>, K, E>(opened, counters, own)
  }

  /** How keys of the open snapshot are stored. */
  get keyEncoding(): KeyEncoding {
    return this.#session.snapshot.manifest.keyEncoding
  }

  /** @internal */
  get [openSnapshot](): object {
    return this.#session.snapshot
  }

  /**
   * Returns the value of `key`, or `undefined`.
   *
   * The type of the key matters: `42` and `42n` are the same key, `'42'` is another. A buffer may
   * be reused as soon as the call has returned its promise. Errors: SHARD_INVALID_KEY,
   * SHARD_ROUTING if a `context` is needed.
   */
  get(key: KeyOf<E>, options?: ReadOptions): Promise<T | undefined> {
    if (!getTrace.hasSubscribers) return this.#get(key, options)
    return traced(
      'get',
      () => this.#place(),
      () => this.#get(key, options),
      (message, value) => (message.found = value !== undefined),
    )
  }

  async #get(key: KeyOf<E>, options: ReadOptions | undefined): Promise<T | undefined> {
    const where = 'SnapshotReader.get'
    const counters = this.#counters
    counters.gets++
    try {
      if (this.#limit !== undefined) {
        key = ownKey(key) as KeyOf<E>
        options = ownOptions(options)
        await this.#throttle(1, 'get', options)
      }
      const state = this.#borrow('get', options)
      try {
        const startedAt = this.#sampler.start()
        const found = lookUp(state, key, this.#decoder, where, options)
        // Cached values and values already in memory are here: awaiting them would cost more than
        // the lookup.
        const value = isPromise(found) ? await this.#sampler.wait(found, startedAt) : found
        if (value === undefined) counters.misses++
        else counters.hits++
        if (startedAt !== 0 && value === found) this.#sampler.end(value, startedAt)
        return value as T | undefined
      } finally {
        state.release()
      }
    } catch (error) {
      counters.fail(error)
      throw error
    }
  }

  /** @internal */
  [peekKey](key: KeyOf<E>): unknown {
    // A limited reader waits in `get`.
    if (this.#limit !== undefined) return null
    const state = this.#session.borrow('get')
    try {
      const value = peekOne(state, key, this.#decoder, 'SnapshotReader.get')
      if (value !== null) this.#counters.addPeek(value)
      return value
    } finally {
      state.release()
    }
  }

  /**
   * Returns the values of `keys` in their order, `undefined` for missing ones. Each shard is asked once,
   * `concurrency` of them at a time. Errors: as `get`; one key that fails fails the call.
   */
  getMany(keys: readonly KeyOf<E>[], options?: ReadOptions): Promise<(T | undefined)[]> {
    if (!getManyTrace.hasSubscribers) return this.#getMany(keys, options)
    return traced(
      'get-many',
      () => ({ ...this.#place(), keys: keys.length }),
      () => this.#getMany(keys, options),
      (message, values) => (message.found = values.filter((value) => value !== undefined).length),
    )
  }

  async #getMany(
    keys: readonly KeyOf<E>[],
    options: ReadOptions | undefined,
  ): Promise<(T | undefined)[]> {
    const where = 'SnapshotReader.getMany'
    try {
      if (this.#limit !== undefined) {
        requireKeyList(keys, where)
        keys = keys.map(ownKey) as KeyOf<E>[]
        options = ownOptions(options)
        await this.#throttle(keys.length, 'getMany', options)
      }
      const state = this.#borrow('getMany', options)
      const startedAt = lookups.hasSubscribers ? performance.now() : 0
      try {
        const o = { ...options, concurrency: this.#concurrency }
        const values = await lookUpMany(state, keys, this.#decoder, where, o)
        const found = this.#counters.addBatch(values)
        if (startedAt !== 0) this.#sampler.endBatch(keys.length, found, startedAt)
        return values as (T | undefined)[]
      } finally {
        state.release()
      }
    } catch (error) {
      this.#counters.fail(error)
      throw error
    }
  }

  /**
   * Scans the whole snapshot in the order of stored keys, merged over all shards, fetched in
   * chunks.
   *
   * The scan stays on its snapshot until it ends, whatever is published in the meantime. Ranges are
   * half-open, `[start, end)`; `ordered: false` streams shard after shard, which is faster. Units:
   * `chunkSize` and `limit` count entries; an ordered scan holds about 16,384 entries in memory
   * over all shards.
   */
  scanIter(
    range?: KeyRange<KeyOf<E>>,
    options?: SnapshotScanOptions,
  ): ScanIterator<readonly [DecodedKey<K, E>, T]> {
    this.#session.requireOpen('scanIter')
    const o = parseOptions(snapshotScanOptionsSchema, options, SCAN)
    throwIfAborted(o.signal)
    const state = this.#borrow('scanIter')
    try {
      return this.#scan(
        state,
        encodeRange(range as KeyRange | undefined, state.manifest.keyEncoding, SCAN),
        o,
      )
    } catch (error) {
      state.release()
      throw error
    }
  }

  /** @internal */
  [resumableScan](range?: KeyRange<KeyOf<E>>, options?: SnapshotScanOptions): ResumableScan {
    this.#session.requireOpen('scanIter')
    const o = parseOptions(snapshotScanOptionsSchema, options, SCAN)
    const state = this.#borrow('scanIter')
    let isHeld = true
    try {
      const bytes = encodeRange(range as KeyRange | undefined, state.manifest.keyEncoding, SCAN)
      return {
        open: (position) => {
          this.#session.requireOpen('scanIter')
          state.borrow()
          return this.#scan(state, bytes, o, position)
        },
        close: () => {
          if (isHeld) state.release()
          isHeld = false
        },
      }
    } catch (error) {
      state.release()
      throw error
    }
  }

  /** Scans a borrowed snapshot and releases it at the end. */
  #scan(
    state: KeyedSnapshot,
    range: ByteRange,
    o: InferOutput<typeof snapshotScanOptionsSchema>,
    position?: ScanPosition,
  ): ScanIterator<readonly [DecodedKey<K, E>, T]> {
    const { keyEncoding } = state.manifest
    const limit = limitBehind(o.limit, position)
    const source = snapshotScan(state, range, {
      ordered: o.ordered,
      reverse: o.reverse,
      limit,
      concurrency: this.#concurrency,
      requireOpen: () => this.#session.requireOpen('scanIter'),
      position,
    })
    const decoded = this.#keys === 'decoded'
    const trace = startTrace('scan', () => ({ ...this.#place(), ordered: o.ordered }))
    const counted = new CountedSource(source, this.#counters, trace)
    return new ScanIterator<readonly [DecodedKey<K, E>, T]>(counted, {
      where: SCAN,
      chunkSize: o.chunkSize ?? this.#chunkSize,
      limit,
      signal: o.signal,
      decode: (chunk, i) => {
        const key = chunk.key(i)
        return [
          (decoded ? decodeKey(key, keyEncoding) : key) as DecodedKey<K, E>,
          this.#decoder.decode(chunk.value(i), key) as T,
        ]
      },
    })
  }

  /**
   * Finds the vectors nearest to a query, nearest first, with the payloads they were written with.
   *
   * Exact unless a large shard has an index; `exact: true` always is. Of equal distances, the lower
   * shard comes first, and in it the vector written first. Errors: SHARD_INVALID_VALUE for other
   * dimensions, values that are not finite, and zeros alone under cosine; SHARD_INVALID_OPTION if the
   * snapshot has no vectors.
   */
  async search(vector: VectorInput, options?: SnapshotSearchOptions): Promise<SearchResult<T>> {
    const found = await this.#searches.find('search', options, (fields, where) =>
      oneQuery(vector, fields, where),
    )
    const [result] = await expandHits<T>(found)
    return result!
  }

  /**
   * The same for many queries at once, which is faster: each shard is read once. Results are in the
   * order of the queries.
   */
  async searchMany(
    queries: QueryInput,
    options?: SnapshotSearchOptions,
  ): Promise<SearchResult<T>[]> {
    return expandHits<T>(await this[packedSearch]('searchMany', queries, options))
  }

  /** @internal */
  [packedSearch](
    method: string,
    queries: QueryInput,
    options?: SnapshotSearchOptions,
  ): Promise<PackedResults> {
    return this.#searches.find(method, options, (fields, where) =>
      manyQueries(queries, fields, where),
    )
  }

  /** The same as one packed buffer, for pipelines and other threads. */
  async searchChunk(queries: QueryInput, options?: SearchOptions): Promise<HitChunk> {
    return this.#searches.chunk('searchChunk', queries, options)
  }

  /**
   * Finds the vectors nearest to that of a row, without the row itself. The id of the vector must be
   * the key, as it is by default.
   *
   * `options.context` belongs to the key; all shards are searched unless `options.shards` names some.
   * Errors: SHARD_NOT_FOUND if the vector does not exist.
   */
  async searchLike(key: KeyOf<E>, options?: SnapshotSearchOptions): Promise<SearchResult<T>> {
    return this.#searches.like<T>('searchLike', key, options)
  }

  /** Returns facts about the vectors of the open snapshot, `undefined` if it has none; reads nothing. */
  vectors(): VectorFields | undefined {
    this.#session.requireOpen('vectors')
    return vectorFields(this.#session.snapshot.manifest, `${NAME}.vectors`)
  }

  /** Returns the shard of a key, whether or not the key exists. */
  shardFor(key: KeyOf<E>, options?: { context?: RoutingContext | undefined }): ShardDetail {
    this.#session.requireOpen('shardFor')
    checkCallOptions(options, ['context'], 'SnapshotReader.shardFor')
    const { manifest, router } = this.#session.snapshot
    return describeShard(manifest.entries[router.route(key, options?.context)]!)
  }

  /** Returns facts about the open snapshot; reads nothing. */
  info(): SnapshotInfo {
    return this.#session.info()
  }

  /** Returns one entry per shard, including empty ones; reads nothing. */
  shards(): ShardDetail[] {
    return this.#session.shards()
  }

  /**
   * Returns whether the reader can serve, and the age of its snapshot.
   *
   * `degraded` if it is older than `stalenessThresholdMs`, or if `_CURRENT` names another one,
   * which is damaged.
   */
  health(options?: { stalenessThresholdMs?: number | undefined }): ReaderHealth {
    return this.#session.health(options)
  }

  /**
   * Returns the counts of this reader since it was opened, over all its snapshots: lookups, requests,
   * caches, open shards, refreshes, errors. Reads nothing; also after `close()`.
   */
  stats(): ReaderStats {
    return this.#session.stats()
  }

  /**
   * Moves to the snapshot that `_CURRENT` names; resolves to true if it was another one.
   *
   * Running calls and scans finish on the snapshot they started with. If the new one cannot be
   * read, the old one stays and the error is thrown. A malformed manifest is different: the result
   * is false, and `health()` is degraded until a later refresh can read it, or finds the pointer
   * moved back. A reader opened with `runId` or `manifestRef` never moves: always false, without a
   * request.
   */
  refresh(options?: SignalOption): Promise<boolean> {
    return this.#session.refresh(options)
  }

  /**
   * Decodes a stored key to the caller's type: bigint for integer encodings, string for `utf8`,
   * bytes for `raw`.
   */
  decodeKey(bytes: Uint8Array): DecodedKeyOf<E> {
    return decodeKey(bytes, this.keyEncoding) as DecodedKeyOf<E>
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #borrow(method: string, options?: ReadOptions): KeyedSnapshot {
    if (options !== undefined) {
      this.#session.requireOpen(method)
      checkCallOptions(options, READ_OPTIONS, `${NAME}.${method}`)
      throwIfAborted(options.signal)
    }
    return this.#session.borrow(method)
  }

  /** Waits before anything is borrowed, so that closing never waits for a throttled call. */
  async #throttle(keys: number, method: string, options: ReadOptions | undefined): Promise<void> {
    this.#session.requireOpen(method)
    checkCallOptions(options, READ_OPTIONS, `${NAME}.${method}`)
    throwIfAborted(options?.signal)
    const wait = this.#limit?.take(keys, options?.signal)
    if (wait === undefined) return
    const startedAt = performance.now()
    await wait
    emit('throttle', () => {
      const { prefix } = this.#session
      return { prefix, limiter: 'read', waitMs: performance.now() - startedAt }
    })
  }

  /** The fields of an operation that say where it reads. */
  #place(): { prefix: string; runId: string } {
    return { prefix: this.#session.prefix, runId: this.#session.snapshot.manifest.runId }
  }
}

function requireKeyEncoding(
  expected: KeyEncoding | undefined,
  { keyEncoding }: Manifest,
  where: string,
): void {
  if (expected === undefined || expected === keyEncoding) return
  throw invalidOption(
    where,
    `keyEncoding is "${expected}", but keys of this snapshot are stored as "${keyEncoding}"; pass that, or leave it out`,
    { details: { expected, keyEncoding } },
  )
}

/** Copies the options, for a call that waits before it reads them. */
function ownOptions(options: ReadOptions | undefined): ReadOptions | undefined {
  if (options?.context === undefined) return options
  return { ...options, context: ownContext(options.context) }
}
