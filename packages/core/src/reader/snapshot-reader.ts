import type { InferOutput } from 'valibot'
import { resolveEngine } from '../engine/resolve-engine.js'
import { slatedb } from '../engine/slatedb.js'
import { isShardyfusionError, ShardyfusionError } from '../errors.js'
import { encodeRange } from '../keys/key-range.js'
import { requireKeyList } from '../keys/key-list.js'
import { ownContext, ownKey } from '../keys/own-key.js'
import { decodeKey } from '../keys/stored-bytes.js'
import { type Fallback, loadSnapshotManifest } from '../manifest/load-snapshot.js'
import type { ManifestSource } from '../manifest/manifest-store.js'
import { openCatalog } from '../manifest/open-catalog.js'
import { requireRunId } from '../manifest/require-run-id.js'
import { connectStorage, whileReachable } from '../objects/open-storage.js'
import { validatePrefix } from '../objects/urls.js'
import {
  checkCallOptions,
  parseOptions,
  type ReadOptions,
  type ReadRateLimit,
  type SignalOption,
  type SnapshotReaderOptions,
  snapshotReaderOptionsSchema,
  type SnapshotScanOptions,
  snapshotScanOptionsSchema,
} from '../options.js'
import type {
  ByteRange,
  Key,
  KeyEncoding,
  KeyRange,
  RoutingContext,
  ValueEncoding,
} from '../types.js'
import { orAbort, orLeave, throwIfAborted } from '../util/abort.js'
import { closeOnce, runAll } from '../util/close-once.js'
import { type DiagnosticsEvents, isHeard, tell } from '../util/events.js'
import { TokenBucket } from '../util/token-bucket.js'
import { CLOSE_TIMEOUT_MS } from './close-timeout.js'
import { ListedStore } from './listed-store.js'
import { checkManifest } from './check-manifest.js'
import {
  engineOf,
  listingAhead,
  openShardPool,
  openSnapshot,
  type OpenSnapshotContext,
} from './open-snapshot.js'
import { pinnedManifests } from './pinned-manifests.js'
import { placedManifests } from './placed-manifests.js'
import {
  limitBehind,
  type ResumableScan,
  resumableScan,
  type ScanPosition,
} from './resumable-scan.js'
import { ScanIterator } from './scan-iterator.js'
import type { ShardPool } from './shard-pool.js'
import {
  describeShard,
  type ReaderHealth,
  type ShardDetail,
  type SnapshotInfo,
  snapshotHealth,
  snapshotInfo,
  unhealthy,
} from './snapshot-info.js'
import { lookUp, lookUpMany } from './snapshot-lookup.js'
import { snapshotScan } from './snapshot-scan.js'
import type { SnapshotShard, SnapshotState } from './snapshot-state.js'
import { type DecodedValue, type ValueDecoder, valueDecoder } from './value-decoder.js'

const READ_OPTIONS = ['context', 'signal']
const SCAN = 'SnapshotReader.scanIter'

/** Scanned keys: stored bytes, or decoded by the snapshot's encoding. */
export type KeyView = 'bytes' | 'decoded'
export type DecodedKey<K extends KeyView> = K extends 'decoded'
  ? bigint | string | Uint8Array
  : Uint8Array

type TypedOptions<E, K> = SnapshotReaderOptions & {
  valueEncoding?: E | undefined
  keys?: K | undefined
}

/**
 * Reads a published snapshot: point lookups, ordered scans, and moving on to the next one without a torn read.
 *
 * Shards open when first needed, at most `maxOpenShards` at a time. Every call sees one whole snapshot;
 * `undefined` only ever means "no such key". Opened with `runId` or `manifestRef`, it stays on that snapshot.
 * Errors: SHARD_NOT_FOUND when nothing is published below `prefix`, SHARD_MANIFEST when it cannot be read; after
 * `close()` SHARD_CLOSED.
 *
 * @example
 * await using reader = await SnapshotReader.open({ prefix: 'file:///data/prices', valueEncoding: 'json' })
 * const price = await reader.get(42)
 */
export class SnapshotReader<
  E extends ValueEncoding = 'bytes',
  K extends KeyView = 'bytes',
> implements AsyncDisposable {
  readonly #context: OpenSnapshotContext
  readonly #manifests: ManifestSource
  readonly #pool: ShardPool<SnapshotShard>
  readonly #keys: KeyView
  readonly #decoder: ValueDecoder
  readonly #chunkSize: number
  readonly #concurrency: number
  readonly #limit: TokenBucket | undefined
  #state: SnapshotState
  /** Set while the snapshot is not the one `_CURRENT` names, because that one is damaged. */
  #fallback: Fallback | undefined
  #refreshing: Promise<boolean> | undefined
  #closed = false
  readonly close: () => Promise<void>

  private constructor(
    context: OpenSnapshotContext,
    manifests: ManifestSource,
    pool: ShardPool<SnapshotShard>,
    state: SnapshotState,
    fallback: Fallback | undefined,
    options: {
      keys: KeyView
      valueEncoding: ValueEncoding
      iteratorChunkSize: number
      concurrency: number
      rateLimit?: ReadRateLimit | undefined
    },
  ) {
    this.#context = context
    this.#manifests = manifests
    this.#pool = pool
    this.#state = state
    this.#noteFallback(fallback)
    this.#keys = options.keys
    this.#decoder = valueDecoder(options.valueEncoding, 'SnapshotReader')
    this.#chunkSize = options.iteratorChunkSize
    this.#concurrency = options.concurrency
    this.#limit = options.rateLimit && new TokenBucket(options.rateLimit.keysPerSecond)
    this.close = closeOnce(() => this.#close())
  }

  static async open<E extends ValueEncoding = 'bytes', K extends KeyView = 'bytes'>(
    options: TypedOptions<E, K>,
  ): Promise<SnapshotReader<E, K>> {
    const where = 'SnapshotReader.open'
    const startedAt = performance.now()
    const o = parseOptions(snapshotReaderOptionsSchema, options, where)
    const prefix = validatePrefix(o.prefix, where, { reading: true })
    throwIfAborted(o.signal)
    const engine = o.engine === undefined ? undefined : await resolveEngine(o.engine, where)
    // Without an engine the manifest says which one; most snapshots need the default, which takes long to load.
    const likely = engine ?? slatedb()
    likely.prepare?.()
    const storage = await connectStorage(prefix, o, where)
    try {
      const catalog = openCatalog(o.catalog, storage.objects, prefix, where)
      const stored = catalog.manifests
      const listed = new ListedStore(storage.objects, prefix)
      const ahead = likely.supports.listsShards === true ? listingAhead(stored, listed) : stored
      const found = placedManifests(ahead, prefix, o.shardUrls, catalog)
      const pinning = pinnedManifests(found, prefix, o, where, {
        signal: o.signal,
        isOwn: catalog.isOwn,
      })
      const pinned = await whileReachable(storage, pinning)
      const manifests = pinned ?? found
      const context: OpenSnapshotContext = { prefix, storage, engine, listed, options: o }
      const loading = loadSnapshotManifest(manifests, {
        maxFallbackAttempts: pinned === undefined ? o.maxFallbackAttempts : 0,
        signal: o.signal,
        where,
        prefix,
      })
      const loaded = await whileReachable(storage, loading)
      checkManifest(loaded.manifest, prefix, o.shardUrls, where)
      const chosen = await engineOf(loaded.manifest, context, where)
      const pool = openShardPool(context, chosen)
      const state = await openSnapshot(loaded.ref, loaded.manifest, context, pool, chosen)
      tell('open', () => {
        const { fallback, manifest, ref } = loaded
        const { runId } = manifest
        const durationMs = performance.now() - startedAt
        const fellBack = fallback !== undefined
        return { prefix, runId, manifestRef: ref.ref, fellBack, durationMs }
      })
      return new SnapshotReader<E, K>(context, manifests, pool, state, loaded.fallback, o)
    } catch (error) {
      await storage.close()
      throw error
    }
  }

  /** How keys of the open snapshot are stored. */
  get keyEncoding(): KeyEncoding {
    return this.#state.manifest.keyEncoding
  }

  /**
   * The value of `key`, or `undefined`.
   *
   * The key's type matters: `42`, `42n` and `'42'` are two keys, not one or three. A buffer may be reused as soon as
   * the call has returned its promise.
   * Errors: SHARD_INVALID_KEY, SHARD_ROUTING when a `context` is needed.
   */
  async get<T = DecodedValue<E>>(key: Key, options?: ReadOptions): Promise<T | undefined> {
    const where = 'SnapshotReader.get'
    if (this.#limit !== undefined) {
      key = ownKey(key)
      options = ownOptions(options)
      await this.#throttle(1, where, options)
    }
    const state = this.#borrow(where, options)
    try {
      const found = lookUp(state, key, this.#decoder, where, options)
      // What is kept or at hand is there already: waiting for it would cost more than finding it.
      return (found instanceof Promise ? await found : found) as T | undefined
    } finally {
      state.release()
    }
  }

  /** The values of `keys` in their order, `undefined` where there is none; shards are asked at the same time. */
  async getMany<T = DecodedValue<E>>(
    keys: readonly Key[],
    options?: ReadOptions,
  ): Promise<(T | undefined)[]> {
    const where = 'SnapshotReader.getMany'
    if (this.#limit !== undefined) {
      requireKeyList(keys, where)
      keys = keys.map(ownKey)
      options = ownOptions(options)
      await this.#throttle(keys.length, where, options)
    }
    const state = this.#borrow(where, options)
    const startedAt = isHeard('lookup') ? performance.now() : 0
    try {
      const o = { ...options, concurrency: this.#concurrency }
      const values = (await lookUpMany(state, keys, this.#decoder, where, o)) as (T | undefined)[]
      tell('lookup', () => {
        const found = values.filter((value) => value !== undefined).length
        const { prefix } = this.#context
        return { prefix, keys: keys.length, found, durationMs: performance.now() - startedAt }
      })
      return values
    } finally {
      state.release()
    }
  }

  /**
   * Entries of the whole snapshot in the order of stored keys, merged over all shards, fetched in chunks.
   *
   * The scan keeps its snapshot until it ends, whatever is published meanwhile. Ranges are half-open,
   * `[start, end)`; `ordered: false` streams shard after shard, which is faster.
   * Units: `chunkSize` and `limit` count entries; memory held is about 16,384 entries over all shards when ordered.
   */
  scanIter<T = DecodedValue<E>>(
    range?: KeyRange,
    options?: SnapshotScanOptions,
  ): ScanIterator<readonly [DecodedKey<K>, T]> {
    this.#requireOpen(SCAN)
    const o = parseOptions(snapshotScanOptionsSchema, options, SCAN)
    throwIfAborted(o.signal)
    const state = this.#borrow(SCAN)
    try {
      return this.#scan<T>(state, encodeRange(range, state.manifest.keyEncoding, SCAN), o)
    } catch (error) {
      state.release()
      throw error
    }
  }

  [resumableScan](range?: KeyRange, options?: SnapshotScanOptions): ResumableScan {
    this.#requireOpen(SCAN)
    const o = parseOptions(snapshotScanOptionsSchema, options, SCAN)
    const state = this.#borrow(SCAN)
    let isHeld = true
    try {
      const bytes = encodeRange(range, state.manifest.keyEncoding, SCAN)
      return {
        open: (position) => {
          this.#requireOpen(SCAN)
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

  /** A scan of a borrowed snapshot, which it releases when it ends. */
  #scan<T>(
    state: SnapshotState,
    range: ByteRange,
    o: InferOutput<typeof snapshotScanOptionsSchema>,
    position?: ScanPosition,
  ): ScanIterator<readonly [DecodedKey<K>, T]> {
    const { keyEncoding } = state.manifest
    const limit = limitBehind(o.limit, position)
    const source = snapshotScan(state, range, {
      ordered: o.ordered,
      reverse: o.reverse,
      limit,
      concurrency: this.#concurrency,
      requireOpen: () => this.#requireOpen(SCAN),
      position,
    })
    const decoded = this.#keys === 'decoded'
    return new ScanIterator<readonly [DecodedKey<K>, T]>(source, {
      where: SCAN,
      chunkSize: o.chunkSize ?? this.#chunkSize,
      limit,
      signal: o.signal,
      decode: (chunk, i) => {
        const key = chunk.key(i)
        return [
          (decoded ? decodeKey(key, keyEncoding) : key) as DecodedKey<K>,
          this.#decoder.decode(chunk.value(i)) as T,
        ]
      },
    })
  }

  /** The shard a key belongs to, whether or not the key is there. */
  shardFor(key: Key, options?: { context?: RoutingContext | undefined }): ShardDetail {
    this.#requireOpen('SnapshotReader.shardFor')
    checkCallOptions(options, ['context'], 'SnapshotReader.shardFor')
    const { manifest, router } = this.#state
    return describeShard(manifest.entries[router.route(key, options?.context)]!)
  }

  /** Facts about the open snapshot; reads nothing. */
  info(): SnapshotInfo {
    this.#requireOpen('SnapshotReader.info')
    return snapshotInfo(this.#state, this.#fallback !== undefined)
  }

  /** One entry per shard, empty shards included; reads nothing. */
  shards(): ShardDetail[] {
    this.#requireOpen('SnapshotReader.shards')
    return this.#state.manifest.entries.map(describeShard)
  }

  /**
   * Whether the reader serves, and how old its snapshot is.
   *
   * `degraded` when it is older than `stalenessThresholdMs`, or when `_CURRENT` names another one, which is damaged.
   */
  health(options: { stalenessThresholdMs?: number | undefined } = {}): ReaderHealth {
    checkCallOptions(options, ['stalenessThresholdMs'], 'SnapshotReader.health')
    if (this.#closed) return unhealthy('this reader is closed', true)
    return snapshotHealth(this.#state, this.#fallback, options.stalenessThresholdMs)
  }

  /**
   * Moves to the snapshot `_CURRENT` names; true if it was another one.
   *
   * Running calls and scans finish on the snapshot they began with. If the new one cannot be read, the
   * old one stays and the error is thrown, except for a malformed manifest, which gives false; `health()` is then
   * degraded until a later refresh can read it, or finds the pointer moved back. A reader opened with `runId` or
   * `manifestRef` never moves: always false, without a request.
   */
  async refresh(options: SignalOption = {}): Promise<boolean> {
    checkCallOptions(options, ['signal'], 'SnapshotReader.refresh')
    throwIfAborted(options.signal)
    // One refresh at a time; callers that come meanwhile share its result, so no one's signal ends it.
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return orAbort(this.#refreshing, options.signal)
  }

  /** A stored key as the caller's type: bigint for integer encodings, string for `utf8`, bytes for `raw`. */
  decodeKey(bytes: Uint8Array): bigint | string | Uint8Array {
    return decodeKey(bytes, this.keyEncoding)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #refresh(): Promise<boolean> {
    const startedAt = performance.now()
    let outcome: DiagnosticsEvents['refresh']['outcome'] = 'failed'
    let error: unknown
    try {
      outcome = await this.#moveOn()
      return outcome === 'moved'
    } catch (thrown) {
      error = thrown
      throw thrown
    } finally {
      tell('refresh', () => {
        const { runId } = this.#state.manifest
        const { prefix } = this.#context
        return { outcome, prefix, runId, durationMs: performance.now() - startedAt, error }
      })
    }
  }

  async #moveOn(): Promise<'moved' | 'unchanged' | 'malformed'> {
    const where = 'SnapshotReader.refresh'
    this.#requireOpen(where)
    this.#pool.forget()
    const ref = await this.#manifests.loadCurrent()
    if (ref === undefined) {
      throw new ShardyfusionError(
        'SHARD_NOT_FOUND',
        `${where}: ${this.#context.prefix}/_CURRENT is gone; the open snapshot stays in use`,
        { details: { peer: 'ReaderStateError' } },
      )
    }
    if (ref.ref === this.#state.ref.ref) {
      this.#fallback = undefined
      return 'unchanged'
    }
    let next: SnapshotState
    try {
      const manifest = await this.#manifests.loadManifest(ref.ref)
      requireRunId(ref, manifest, where)
      checkManifest(manifest, this.#context.prefix, this.#context.options.shardUrls, where)
      const engine = await engineOf(manifest, this.#context, where)
      next = await openSnapshot(ref, manifest, this.#context, this.#pool, engine)
    } catch (error) {
      if (!isShardyfusionError(error) || error.code !== 'SHARD_MANIFEST') throw error
      this.#noteFallback({ current: ref, error })
      if (error.details.peer === 'ManifestParseError') return 'malformed'
      throw error
    }
    if (this.#closed) {
      await next.close()
      this.#requireOpen(where)
    }
    const previous = this.#state
    this.#state = next
    this.#fallback = undefined
    // The move has happened: a shard of the old snapshot that does not close cleanly takes nothing back.
    await previous.retire().catch(() => {})
    return 'moved'
  }

  #noteFallback(fallback: Fallback | undefined): void {
    const isNews = fallback !== undefined && fallback.current.ref !== this.#fallback?.current.ref
    this.#fallback = fallback
    if (!isNews) return
    tell('fallback', () => {
      const { ref, manifest } = this.#state
      const { prefix } = this.#context
      const { current, error } = fallback
      const { runId } = manifest
      return { prefix, runId, manifestRef: ref.ref, currentManifestRef: current.ref, error }
    })
  }

  async #close(): Promise<void> {
    this.#closed = true
    const { storage } = this.#context
    const steps = [() => orLeave(this.#pool.close(), CLOSE_TIMEOUT_MS), () => storage.close()]
    await runAll(steps, 'SnapshotReader.close')
  }

  #borrow(where: string, options?: ReadOptions): SnapshotState {
    this.#requireOpen(where)
    if (options !== undefined) {
      checkCallOptions(options, READ_OPTIONS, where)
      throwIfAborted(options.signal)
    }
    const state = this.#state
    state.borrow()
    return state
  }

  /** Before anything is borrowed, so that closing waits for no one who waits here. */
  async #throttle(keys: number, where: string, options: ReadOptions | undefined): Promise<void> {
    this.#requireOpen(where)
    checkCallOptions(options, READ_OPTIONS, where)
    throwIfAborted(options?.signal)
    await this.#limit?.take(keys, options?.signal)
  }

  #requireOpen(where: string): void {
    if (!this.#closed) return
    throw new ShardyfusionError('SHARD_CLOSED', `${where}: this reader is closed; open a new one`, {
      details: { peer: 'ReaderStateError' },
    })
  }
}

/** The options as they are now, for a call that waits before it reads them. */
function ownOptions(options: ReadOptions | undefined): ReadOptions | undefined {
  if (options?.context === undefined) return options
  return { ...options, context: ownContext(options.context) }
}
