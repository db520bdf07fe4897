import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { EngineReader, EngineScan } from '../engine/engine.js'
import { resolveEnvironment } from '../engine/environment.js'
import { resolveEngine } from '../engine/resolve-engine.js'
import { ShardyfusionError } from '../errors.js'
import { encodeRange } from '../keys/key-range.js'
import { decodeKey, encodeLookupKey } from '../keys/stored-bytes.js'
import { openObjectStore } from '../objects/open-store.js'
import { validatePrefix } from '../objects/urls.js'
import {
  parseOptions,
  type ScanOptions,
  scanOptionsSchema,
  type ShardReaderOptions,
  shardReaderOptionsSchema,
} from '../options.js'
import type { Entry, Key, KeyEncoding, KeyRange } from '../types.js'
import { orAbort, throwIfAborted } from '../util/abort.js'
import { closeOnce } from '../util/close-once.js'
import { InFlight } from '../util/in-flight.js'
import { ScanIterator } from './scan-iterator.js'

/**
 * Reads one shard: a sealed SlateDB database at `url`.
 *
 * Shape: values and scanned keys are stored bytes; `undefined` only ever means "no such key".
 * Errors: SHARD_NOT_FOUND when there is no shard, SHARD_TIMEOUT when storage does not answer; after
 * `close()` SHARD_CLOSED.
 *
 * @example
 * await using shard = await ShardReader.open({ url: 'file:///data/shard-0' })
 * const value = await shard.get(42n)
 */
export class ShardReader implements AsyncDisposable {
  readonly url: string
  readonly keyEncoding: KeyEncoding
  readonly #engine: EngineReader
  readonly #chunkSize: number
  readonly #inFlight = new InFlight()
  #closed = false
  readonly close: () => Promise<void>

  private constructor(url: string, encoding: KeyEncoding, engine: EngineReader, chunkSize: number) {
    this.url = url
    this.keyEncoding = encoding
    this.#engine = engine
    this.#chunkSize = chunkSize
    this.close = closeOnce(async () => {
      this.#closed = true
      await this.#inFlight.idle()
      await this.#engine.close()
    })
  }

  static async open(options: ShardReaderOptions): Promise<ShardReader> {
    const where = 'ShardReader.open'
    const o = parseOptions(shardReaderOptionsSchema, options, where)
    const url = validatePrefix(o.url, where, { reading: true })
    throwIfAborted(o.signal)
    const engine = await resolveEngine(o.engine, where)
    const reader = await engine.openReader({
      url,
      objects: o.objects ?? (await openObjectStore(url)),
      env: resolveEnvironment(o, where),
      checkpointId: o.checkpointId,
      openTimeoutMs: o.openTimeoutMs,
      signal: o.signal,
    })
    return new ShardReader(url, o.keyEncoding, reader, o.iteratorChunkSize)
  }

  /** The value of `key`, or `undefined`. */
  async get(
    key: Key,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array | undefined> {
    return (await this.#read('get', [key], options.signal))[0]
  }

  /** The values of `keys`, in their order. */
  getMany(
    keys: readonly Key[],
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<(Uint8Array | undefined)[]> {
    return this.#read('getMany', keys, options.signal)
  }

  /**
   * Entries in key order, fetched a chunk at a time; nothing is read before the first `next()`.
   *
   * Units: `chunkSize` and `limit` count entries. Ranges are half-open, `[start, end)`.
   * Source: SlateDB `DbReader.scan`; chunking follows the Python `scan_iter`.
   */
  scanIter(range?: KeyRange, options?: ScanOptions): ScanIterator {
    const where = 'ShardReader.scanIter'
    this.#requireOpen(where)
    const o = parseOptions(scanOptionsSchema, options, where)
    throwIfAborted(o.signal)
    const scan = this.#engine.scan(encodeRange(range, this.keyEncoding, where), {
      reverse: o.reverse,
    })
    return new ScanIterator(this.#guarded(scan, where), {
      where,
      chunkSize: o.chunkSize ?? this.#chunkSize,
      limit: o.limit,
      signal: o.signal,
      decode: entryOf,
    })
  }

  /** A stored key as the caller's type: bigint for integer encodings, string for `utf8`, bytes for `raw`. */
  decodeKey(bytes: Uint8Array): bigint | string | Uint8Array {
    return decodeKey(bytes, this.keyEncoding)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #read(
    method: string,
    keys: readonly Key[],
    signal: AbortSignal | undefined,
  ): Promise<(Uint8Array | undefined)[]> {
    const where = `ShardReader.${method}`
    this.#requireOpen(where)
    throwIfAborted(signal)
    const encoded = keys.map((key) => encodeLookupKey(key, this.keyEncoding, where))
    const reading = this.#inFlight.run(() => this.#engine.getMany(encoded))
    return orAbort(reading, signal)
  }

  #guarded(scan: EngineScan, where: string) {
    return {
      nextChunk: async (maxEntries: number): Promise<EntryChunk | undefined> => {
        this.#requireOpen(where)
        return this.#inFlight.run(() => scan.nextChunk(maxEntries))
      },
      close: () => scan.close(),
    }
  }

  #requireOpen(where: string): void {
    if (this.#closed) {
      throw new ShardyfusionError(
        'SHARD_CLOSED',
        `${where}: this reader is closed; open a new one`,
        {
          details: { peer: 'ReaderStateError' },
        },
      )
    }
  }
}

function entryOf(chunk: EntryChunk, i: number): Entry {
  return chunk.entry(i)
}
