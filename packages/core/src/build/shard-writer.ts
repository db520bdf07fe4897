import type { EntryChunk } from '../chunk/entry-chunk.js'
import { requireChunk } from '../chunk/require-chunk.js'
import { openEngineWriter } from '../engine/open-engine.js'
import { resolveEngine } from '../engine/resolve-engine.js'
import { closed, invalidValue } from '../errors/error-factories.js'
import { encodeKey, requireStoredKey } from '../keys/stored-bytes.js'
import { openStorage, type Storage } from '../store/open-storage.js'
import { validatePrefix } from '../store/urls.js'
import { type ShardWriterOptions, shardWriterOptionsSchema } from './shard-writer-options.js'
import { describeValue } from '../options/describe-value.js'
import { parseOptions } from '../options/parse-options.js'
import type { KeyEncoding, KeyOf } from '../types.js'
import { orAbort, throwIfAborted } from '../async/abort.js'
import { closeOnce, runAll } from '../async/close-once.js'
import { newOpaqueId } from '../text/opaque-id.js'
import { shareMemory } from './open/share-memory.js'
import { scratchFiles } from '#node/build/rows/scratch-file'
import { limitWriter, writeLimits } from './shard/limited-writer.js'
import { ShardSink, type ShardStats } from './rows/shard-sink.js'
import { isBytes } from '../text/bytes.js'

/** Why a writer takes no more calls, by its state. */
const REFUSALS = {
  sealing: 'this shard is being sealed',
  failed: 'sealing this shard has failed',
  sealed: 'this shard is sealed already',
  closed: 'this writer is closed',
} as const

/** A sealed shard, as a manifest describes it. */
export interface SealedShard extends ShardStats {
  /** The opaque id stamped when the shard was sealed (32 hexadecimal digits). */
  readonly checkpointId: string
}

/**
 * Writes one shard at `url`: a SlateDB database, or what its engine stores.
 *
 * Shape: keys are encoded by `keyEncoding` (default `u64be`); the last write of a key wins. Errors:
 * SHARD_INVALID_OPTION, SHARD_TIMEOUT if storage does not answer; after `seal()` or `close()`
 * SHARD_CLOSED.
 *
 * @example
 * await using shard = await ShardWriter.open({ url: 'file:///data/shard-0' })
 * await shard.put(42n, bytes)
 * const { rowCount, checkpointId } = await shard.seal()
 */
export class ShardWriter<E extends KeyEncoding = KeyEncoding> implements AsyncDisposable {
  /** URL of the shard. */
  readonly url: string
  /** How keys are stored. */
  readonly keyEncoding: KeyEncoding
  readonly #sink: ShardSink
  readonly #signal: AbortSignal | undefined
  #state: keyof typeof REFUSALS | 'open' = 'open'
  readonly #closeSink: () => Promise<void>

  private constructor(
    url: string,
    encoding: KeyEncoding,
    sink: ShardSink,
    storage: Storage,
    signal: AbortSignal | undefined,
  ) {
    this.url = url
    this.keyEncoding = encoding
    this.#sink = sink
    this.#signal = signal
    this.#closeSink = closeOnce(() =>
      runAll([() => sink.close(), () => storage.close()], 'ShardWriter.close'),
    )
  }

  /** Opens a writer of one shard. Errors: SHARD_INVALID_OPTION, SHARD_TIMEOUT. */
  static async open<E extends KeyEncoding = 'u64be'>(
    options: ShardWriterOptions & { keyEncoding?: E | undefined },
  ): Promise<ShardWriter<E>> {
    const where = 'ShardWriter.open'
    const o = parseOptions(shardWriterOptionsSchema, options, where)
    const url = validatePrefix(o.url, where, { option: 'url' })
    throwIfAborted(o.signal)
    const engine = await resolveEngine(o.engine, where)
    const storage = await openStorage(url, o, where)
    try {
      const { objects } = storage
      const env = await storage.engineEnvironment(url)
      // Opened here and not at the first row, so that `open` reports a wrong URL.
      const { openTimeoutMs, signal } = o
      const memory = shareMemory(o.memoryBytes, 1)
      const openScratch = scratchFiles()
      const writer = await openEngineWriter(
        engine,
        { url, objects, env, ...memory, openScratch, openTimeoutMs, signal },
        where,
      )
      const limited = limitWriter(writer, writeLimits(o.rateLimit), { signal, prefix: url })
      const sink = new ShardSink({
        open: () => Promise.resolve(limited),
        limits: engine.limits,
        maxBatchEntries: o.maxBatchEntries,
        maxBatchBytes: o.maxBatchBytes,
      })
      await sink.attach()
      return new ShardWriter<E>(url, o.keyEncoding, sink, storage, o.signal)
    } catch (error) {
      await storage.close()
      throw error
    }
  }

  /**
   * Adds an entry; resolves at once unless a full batch has to wait for the previous one.
   *
   * Errors: SHARD_INVALID_KEY, SHARD_INVALID_VALUE (nothing is lost or written), or the failure of
   * an earlier batch.
   */
  async put(key: KeyOf<E>, value: Uint8Array): Promise<void> {
    this.#requireOpen('put')
    if (!isBytes(value)) {
      throw invalidValue(
        'ShardWriter.put',
        `value must be bytes (Uint8Array), got ${describeValue(value)}`,
      )
    }
    const wait = this.#sink.push(encodeKey(key, this.keyEncoding, 'ShardWriter.put'), value)
    if (wait !== undefined) await orAbort(wait, this.#signal)
  }

  /**
   * Adds all entries of a chunk, whose keys are stored bytes already; the chunk is copied and stays
   * the caller's.
   */
  async putChunk(chunk: EntryChunk): Promise<void> {
    this.#requireOpen('putChunk')
    requireChunk(chunk, 'ShardWriter.putChunk')
    for (let i = 0; i < chunk.count; i++) {
      requireStoredKey(chunk.key(i), this.keyEncoding, 'ShardWriter.putChunk')
    }
    await orAbort(this.#sink.pushChunk(chunk.slice(0)), this.#signal)
  }

  /**
   * Resolves when the engine has taken everything put so far. An engine with `supports.incrementalFlush`,
   * such as the native one, has then stored it; others store rows when the shard is sealed.
   */
  async flush(): Promise<void> {
    this.#requireOpen('flush')
    await orAbort(this.#sink.flush(), this.#signal)
  }

  /** Finishes the shard: stores everything in tables and releases the engine. No put may follow. */
  async seal(): Promise<SealedShard> {
    this.#requireOpen('seal')
    this.#state = 'sealing'
    try {
      const stats = await orAbort(this.#sink.seal(), this.#signal)
      this.#state = 'sealed'
      await this.#closeSink()
      return { ...stats, checkpointId: newOpaqueId() }
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  /**
   * Releases the engine, after a running `seal()`; without a seal the shard is unfinished.
   * Idempotent.
   */
  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closed'
    await this.#closeSink()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #requireOpen(method: string): void {
    throwIfAborted(this.#signal)
    const state = this.#state
    if (state === 'open') return
    throw closed(`ShardWriter.${method}`, `${REFUSALS[state]}; open a new writer`, {
      details: { state },
    })
  }
}
