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
import { ShardSink } from './rows/shard-sink.js'
import type { SealedShard } from './sealed-shard.js'
import { isBytes } from '../text/bytes.js'

/** Why a writer takes no more calls, by its state. */
const REFUSALS = {
  sealing: 'this shard is being sealed',
  failed: 'sealing this shard has failed',
  sealed: 'this shard is sealed already',
  closed: 'this writer is closed',
} as const

/** The work of a `ShardWriter`, which loads this module when it opens. */
export class ShardBuild<E extends KeyEncoding = KeyEncoding> {
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

  /** Opens a writer of one shard. */
  static async open<E extends KeyEncoding = 'u64be'>(
    options: ShardWriterOptions & { keyEncoding?: E | undefined },
  ): Promise<ShardBuild<E>> {
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
      return new ShardBuild<E>(url, o.keyEncoding, sink, storage, o.signal)
    } catch (error) {
      await storage.close()
      throw error
    }
  }

  /** Adds an entry. */
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

  /** Adds the entries of a copy of a chunk. */
  async putChunk(chunk: EntryChunk): Promise<void> {
    this.#requireOpen('putChunk')
    requireChunk(chunk, 'ShardWriter.putChunk')
    for (let i = 0; i < chunk.count; i++) {
      requireStoredKey(chunk.key(i), this.keyEncoding, 'ShardWriter.putChunk')
    }
    await orAbort(this.#sink.pushChunk(chunk.slice(0)), this.#signal)
  }

  /** Resolves when the engine has taken everything put so far. */
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

  /** Releases the engine, after a running `seal()`. */
  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closed'
    await this.#closeSink()
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
