import {
  type ByteRange,
  type EngineReader,
  type EngineReaderOptions,
  type EngineScan,
  type EngineScanOptions,
  type EngineWriter,
  type EngineWriterOptions,
  EntryChunk,
  type ObjectStore,
  packEntries,
  type ShardEngine,
} from '@shardyfusion/core/extend'
import { MemoryStore, ShardyfusionError } from '@shardyfusion/core'

/**
 * A small engine of somebody else's: a shard is one object, `<url>/data`, with its entries sorted and packed.
 *
 * It is written against the public API alone and passes the conformance suite, so that tests that are
 * not about SlateDB can run on it, hundreds of times faster, and on any object store.
 */
export function objectEngine(): ShardEngine {
  // For callers that bring no store, such as shards opened directly.
  const own = new MemoryStore()
  const engine: ShardEngine = {
    name: 'object',
    format: 'object',
    supports: { io: 'objects', incrementalFlush: true, copiesChunks: true, interruptible: true },
    limits: { minKeyBytes: 1, maxKeyBytes: 0xffff, maxValueBytes: 0x7fff_ffff },
    async openWriter(options) {
      options.signal?.throwIfAborted()
      return new ObjectWriter(dataUrl(options), options.objects ?? own)
    },
    async openReader(options) {
      const objects = options.objects ?? own
      const bytes = await objects.get(dataUrl(options), { signal: options.signal })
      options.signal?.throwIfAborted()
      if (bytes === undefined) {
        throw new ShardyfusionError(
          'SHARD_NOT_FOUND',
          `object engine: the shard ${options.url} does not exist`,
        )
      }
      return new ObjectReader(EntryChunk.fromBuffer(new Uint8Array(bytes).buffer))
    },
  }
  const value = { module: import.meta.url, export: 'objectEngine' }
  // Not enumerable: a copy made by spreading is another engine.
  return Object.defineProperty(engine, 'origin', { value })
}

function dataUrl({ url }: EngineWriterOptions | EngineReaderOptions): string {
  return `${url}/data`
}

class ObjectWriter implements EngineWriter {
  readonly #url: string
  readonly #objects: ObjectStore
  // By key, each byte a character: such strings are ordered as the bytes are.
  readonly #rows = new Map<string, readonly [Uint8Array, Uint8Array]>()
  #bytes = 0
  #ended = false

  constructor(url: string, objects: ObjectStore) {
    this.#url = url
    this.#objects = objects
  }

  async write(chunk: EntryChunk): Promise<void> {
    if (this.#ended) throw closed('write')
    for (const [key, value] of chunk) {
      const copy = key.slice()
      this.#rows.set(Buffer.from(copy).toString('latin1'), [copy, value.slice()])
    }
  }

  async flush(): Promise<void> {
    if (this.#ended) throw closed('flush')
    const names = [...this.#rows.keys()].sort()
    const packed = packEntries(names.map((name) => this.#rows.get(name)!))
    this.#bytes = packed.buffer.byteLength
    await this.#objects.put(this.#url, new Uint8Array(packed.buffer))
  }

  async seal(): Promise<void> {
    await this.flush()
    this.#ended = true
  }

  async bytes(): Promise<number> {
    return this.#bytes
  }

  async close(): Promise<void> {
    this.#ended = true
    this.#rows.clear()
  }
}

class ObjectReader implements EngineReader {
  readonly #entries: EntryChunk
  #closed = false

  constructor(entries: EntryChunk) {
    this.#entries = entries
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    if (this.#closed) throw closed('getMany')
    return keys.map((key) => {
      const at = this.#firstFrom(key)
      const found = at < this.#entries.count && Buffer.compare(this.#entries.key(at), key) === 0
      return found ? this.#entries.value(at).slice() : undefined
    })
  }

  scan(range: ByteRange, options: EngineScanOptions = {}): EngineScan {
    if (this.#closed) throw closed('scan')
    let from = range.start === undefined ? 0 : this.#firstFrom(range.start)
    let to = range.end === undefined ? this.#entries.count : this.#firstFrom(range.end)
    let left = false
    return {
      nextChunk: async (maxEntries) => {
        if (left) return undefined
        if (this.#closed) throw closed('nextChunk')
        const count = Math.min(maxEntries, to - from)
        if (count <= 0) return undefined
        if (options.reverse !== true) {
          from += count
          return this.#entries.slice(from - count, from)
        }
        to -= count
        return packEntries(Array.from(this.#entries.slice(to, to + count)).reverse())
      },
      close: async () => {
        left = true
      },
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  /** Index of the first entry whose key is `key` or comes after it. */
  #firstFrom(key: Uint8Array): number {
    let low = 0
    let high = this.#entries.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (Buffer.compare(this.#entries.key(middle), key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function closed(call: string): ShardyfusionError {
  return new ShardyfusionError('SHARD_ENGINE', `object engine: ${call} after the end`)
}
