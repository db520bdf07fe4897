// Long because one public class, with the counts of each call.

import type { ChunkSource } from '../chunk/chunk-source.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import { detectFormat, engineOfFormat, explainMissing } from '../engine/choose-engine.js'
import type { EngineReader, EngineReaderOptions, ShardEngine } from '../engine/engine.js'
import { openEngineReader } from '../engine/open-engine.js'
import { resolveEngine } from '../engine/resolve-engine.js'
import { closed } from '../errors/error-factories.js'
import { isShardyfusionError } from '../errors.js'
import type { ObjectStore } from '../store/object-store.js'
import { encodeRange, rangeBehind } from '../keys/key-range.js'
import { requireKeyList } from '../keys/key-list.js'
import {
  decodeKey,
  encodeLookupKey,
  encodeOwnLookupKey,
  scratchForLookup,
} from '../keys/stored-bytes.js'
import { connectStorage, type Storage, whileReachable } from '../store/open-storage.js'
import { requireCacheable } from '../engine/require-cacheable.js'
import { isMark } from '../snapshot/layout.js'
import { isBelow, validatePrefix } from '../store/urls.js'
import { checkCallOptions, type SignalOption } from '../options/call-options.js'
import { parseOptions } from '../options/parse-options.js'
import { type ScanOptions, scanOptionsSchema } from './scan/scan-options.js'
import { type ShardReaderOptions, shardReaderOptionsSchema } from './shard-reader-options.js'
import type { DecodedKeyOf, Entry, KeyEncoding, KeyOf, KeyRange } from '../types.js'
import { orAbort, orLeave, throwIfAborted } from '../async/abort.js'
import { yieldEvery } from '../async/yield-if-due.js'
import { copyBytes } from '../text/bytes.js'
import { closeOnce, runAll } from '../async/close-once.js'
import { CLOSE_TIMEOUT_MS } from './session/close-timeout.js'
import { aheadBytes } from './scan/read-ahead.js'
import {
  limitBehind,
  type ResumableScan,
  resumableScan,
  type ScanPosition,
} from './scan/resumable-scan.js'
import { ScanIterator } from './scan/scan-iterator.js'
import { ShardCursor } from './scan/shard-cursor.js'
import { POOL_WAIT_MS, ShardPool } from './session/shard-pool.js'
import { CountedSource } from './scan/counted-source.js'
import { LookupSampler } from './lookup/lookup-sampler.js'
import { fileCacheCounts } from './snapshot-info.js'
import { emit, lookups } from '../diagnostics/events.js'
import { type LiveReader, noteReader } from '../diagnostics/live-readers.js'
import { ReaderCounters, type ShardReaderStats } from '../diagnostics/reader-stats.js'

const NAME = 'ShardReader'

/**
 * Reads one shard: a sealed SlateDB database or SQLite file at `url`.
 *
 * Shape: values and scanned keys are stored bytes; `undefined` always means "no such key". Errors:
 * SHARD_NOT_FOUND if the shard does not exist, SHARD_TIMEOUT if storage does not answer; after
 * `close()` SHARD_CLOSED.
 *
 * @example
 * await using shard = await ShardReader.open({ url: 'file:///data/shard-0' })
 * const value = await shard.get(42n)
 */
export class ShardReader<E extends KeyEncoding = KeyEncoding> implements AsyncDisposable {
  /** URL of the shard. */
  readonly url: string
  /** How keys are stored. */
  readonly keyEncoding: KeyEncoding
  // A pool of one: it reopens the shard after another shard has stopped the engine.
  readonly #pool: ShardPool<string>
  readonly #storage: Storage
  readonly #chunkSize: number
  readonly #counters: ReaderCounters
  readonly #sampler: LookupSampler
  /** Referenced here, because the list of live readers does not keep them alive. */
  readonly #live: LiveReader
  #closed = false
  /** Closes it and releases what it holds. Idempotent. */
  readonly close: () => Promise<void>

  private constructor(
    url: string,
    encoding: KeyEncoding,
    pool: ShardPool<string>,
    storage: Storage,
    chunkSize: number,
    counters: ReaderCounters,
  ) {
    this.url = url
    this.keyEncoding = encoding
    this.#pool = pool
    this.#storage = storage
    this.#chunkSize = chunkSize
    this.#counters = counters
    this.#sampler = new LookupSampler(url, counters)
    const live = (this.#live = { prefix: url, reader: NAME, stats: () => this.stats() })
    const leave = noteReader(live)
    this.close = closeOnce(async () => {
      this.#closed = true
      leave()
      emit('close', () => {
        const { prefix, reader } = live
        return { prefix, runId: undefined, reader, stats: this.stats() }
      })
      const steps = [() => orLeave(this.#pool.close(), CLOSE_TIMEOUT_MS), () => storage.close()]
      await runAll(steps, `${NAME}.close`)
    })
  }

  /** Opens one shard. Errors: SHARD_NOT_FOUND, SHARD_ENGINE, SHARD_TIMEOUT. */
  static async open<E extends KeyEncoding = 'u64be'>(
    options: ShardReaderOptions & { keyEncoding?: E | undefined },
  ): Promise<ShardReader<E>> {
    const where = `${NAME}.open`
    const startedAt = performance.now()
    const o = parseOptions(shardReaderOptionsSchema, options, where)
    const url = validatePrefix(o.url, where, { option: 'url', reading: true })
    throwIfAborted(o.signal)
    const engine = await resolveEngine(o.engine, where)
    if (o.cache !== undefined) requireCacheable(engine, where)
    const isImmutable = (object: string): boolean => isBelow(object, url) && !isMark(object)
    const storage = await connectStorage(url, { ...o, isImmutable }, where)
    try {
      const { objects } = storage
      const env =
        engine.supports.io === 'objects' ? undefined : await storage.engineEnvironment(url)
      const { checkpointId, openTimeoutMs, maxValueBytes } = o
      const engineOptions = { url, objects, env, checkpointId, openTimeoutMs, maxValueBytes }
      let { signal } = o
      const counters = new ReaderCounters()
      const pool = new ShardPool<string>({
        name: NAME,
        maxOpen: 1,
        waitTimeoutMs: POOL_WAIT_MS,
        open: () =>
          counters.opening(
            openDetecting(engine, { ...engineOptions, signal }, o.engine !== undefined, where),
          ),
      })
      const opening = pool.use(url, () => Promise.resolve())
      await whileReachable(storage, opening).catch(async (error: unknown) => {
        pool.close().catch(() => {})
        throw error
      })
      signal = undefined
      const { keyEncoding, iteratorChunkSize } = o
      const opened = new ShardReader<E>(
        url,
        keyEncoding,
        pool,
        storage,
        iteratorChunkSize,
        counters,
      )
      emit('open', () => {
        const { prefix, reader, stats } = opened.#live
        const durationMs = performance.now() - startedAt
        const [runId, manifestRef] = [undefined, undefined]
        return { prefix, runId, manifestRef, fellBack: false, durationMs, reader, stats }
      })
      return opened
    } catch (error) {
      await storage.close()
      throw error
    }
  }

  /** Returns the value of `key`, or `undefined`. */
  async get(key: KeyOf<E>, options?: SignalOption): Promise<Uint8Array | undefined> {
    const where = `${NAME}.get`
    const counters = this.#counters
    counters.gets++
    try {
      this.#requireCall(where, options)
      const encoding = this.keyEncoding
      const encoded = encodeLookupKey(key, encoding, where, scratchForLookup(encoding))
      const startedAt = this.#sampler.start()
      const peeked = this.#pool.peek(this.url, encoded)
      if (peeked === null) {
        const reading = this.#read([copyBytes(encoded)], options).then(([value]) => value)
        return counters.found(await this.#sampler.wait(reading, startedAt))
      }
      if (startedAt !== 0) this.#sampler.end(peeked, startedAt)
      const turn = yieldEvery(1)
      if (turn !== undefined) await turn
      return counters.found(peeked)
    } catch (error) {
      counters.fail(error)
      throw error
    }
  }

  /** Returns the values of `keys` in their order, `undefined` for missing ones. */
  async getMany(
    keys: readonly KeyOf<E>[],
    options?: SignalOption,
  ): Promise<(Uint8Array | undefined)[]> {
    const where = `${NAME}.getMany`
    try {
      this.#requireCall(where, options)
      requireKeyList(keys, where)
      const startedAt = lookups.hasSubscribers ? performance.now() : 0
      const encoded = keys.map((key) => encodeOwnLookupKey(key, this.keyEncoding, where))
      const peeked = this.#pool.peekMany(this.url, encoded)
      const values = peeked ?? (await this.#read(encoded, options))
      const found = this.#counters.addBatch(values)
      if (startedAt !== 0) this.#sampler.endBatch(keys.length, found, startedAt)
      const turn = peeked === null ? undefined : yieldEvery(keys.length)
      if (turn !== undefined) await turn
      return values
    } catch (error) {
      this.#counters.fail(error)
      throw error
    }
  }

  /**
   * Scans entries in key order, fetched a chunk at a time; reads nothing before the first `next()`.
   *
   * Units: `chunkSize` and `limit` count entries. Ranges are half-open, `[start, end)`. Source:
   * SlateDB `DbReader.scan`; chunking follows the Python `scan_iter`.
   */
  scanIter(range?: KeyRange<KeyOf<E>>, options?: ScanOptions): ScanIterator {
    return this[resumableScan](range, options).open()
  }

  /** @internal */
  [resumableScan](range?: KeyRange<KeyOf<E>>, options?: ScanOptions): ResumableScan<Entry> {
    const where = `${NAME}.scanIter`
    this.#requireOpen(where)
    const o = parseOptions(scanOptionsSchema, options, where)
    throwIfAborted(o.signal)
    const bytes = encodeRange(range as KeyRange | undefined, this.keyEncoding, where)
    const lender = {
      use: <T>(_: number, work: (reader: EngineReader) => Promise<T>): Promise<T> =>
        this.#pool.use(this.url, work),
    }
    const open = (position?: ScanPosition): ScanIterator => {
      this.#requireOpen(where)
      const limit = limitBehind(o.limit, position)
      const left = position === undefined ? bytes : rangeBehind(bytes, position.key, o.reverse)
      const cursor = new ShardCursor(lender, 0, left, {
        reverse: o.reverse,
        readAheadBytes: aheadBytes(1, limit),
      })
      const counted = new CountedSource(this.#guarded(cursor, where), this.#counters, undefined)
      return new ScanIterator(counted, {
        where,
        chunkSize: o.chunkSize ?? this.#chunkSize,
        limit,
        signal: o.signal,
        decode: entryOf,
      })
    }
    return { open, close: () => {} }
  }

  /**
   * Decodes a stored key to the caller's type: bigint for integer encodings, string for `utf8`,
   * bytes for `raw`.
   */
  decodeKey(bytes: Uint8Array): DecodedKeyOf<E> {
    return decodeKey(bytes, this.keyEncoding) as DecodedKeyOf<E>
  }

  /**
   * Returns the counts of this reader since it was opened; see `SnapshotReader.stats`. Reads nothing;
   * also after `close()`.
   */
  stats(): ShardReaderStats {
    const { requests, failed, bytesRead } = this.#storage.requests
    const { openedAt, shardsOpened: opened, shardsFailed } = this.#counters
    const cache = this.#storage.cacheStats?.()
    return {
      reader: NAME,
      prefix: this.url,
      uptimeMs: Math.round(performance.now() - openedAt),
      ...this.#counters.parts(),
      shards: { total: 1, open: this.#pool.size, opened, failed: shardsFailed },
      store: { requests, failed, bytesRead },
      ...(cache !== undefined && { cache: fileCacheCounts(cache) }),
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #read(
    keys: readonly Uint8Array[],
    options: SignalOption | undefined,
  ): Promise<(Uint8Array | undefined)[]> {
    const reading = this.#pool.use(this.url, (reader) => reader.getMany(keys))
    return orAbort(reading, options?.signal)
  }

  #requireCall(where: string, options: SignalOption | undefined): void {
    this.#requireOpen(where)
    if (options === undefined) return
    checkCallOptions(options, ['signal'], where)
    throwIfAborted(options.signal)
  }

  #guarded(scan: ChunkSource, where: string): ChunkSource {
    return {
      nextChunk: async (maxEntries: number): Promise<EntryChunk | undefined> => {
        this.#requireOpen(where)
        return scan.nextChunk(maxEntries)
      },
      close: () => scan.close(),
    }
  }

  #requireOpen(where: string): void {
    if (this.#closed) {
      throw closed(where, 'this reader is closed; open a new one')
    }
  }
}

function entryOf(chunk: EntryChunk, i: number): Entry {
  return chunk.entry(i)
}

/** Opens a shard with the engine or, unless the caller chose it, with the one for the format found. */
async function openDetecting(
  engine: ShardEngine,
  options: EngineReaderOptions & { readonly objects: ObjectStore },
  isChosen: boolean,
  where: string,
): Promise<EngineReader> {
  const { url, objects } = options
  try {
    return await openEngineReader(engine, options, where)
  } catch (error) {
    if (isChosen) throw await explainMissing(error, engine, objects, url, where)
    if (!isShardyfusionError(error) || error.code !== 'SHARD_NOT_FOUND') throw error
    const format = await detectFormat(objects, url).catch(() => undefined)
    if (format === undefined || format === engine.format) throw error
    return openEngineReader(await engineOfFormat(format, where), options, where)
  }
}
