// A custom engine: a shard is one object, which is read into memory.
import {
  type ByteRange,
  ChunkBuilder,
  type EngineReader,
  type EngineScan,
  type EngineWriter,
  EntryChunk,
  type ObjectStore,
  packEntries,
  type ShardEngine,
} from '@shardyfusion/core/extend'
import { type Entry, ShardyfusionError } from '@shardyfusion/core'

export interface MemoryEngineOptions {
  /** Name of the object that stores a shard; `entries` by default. */
  readonly file?: string
}

// #region memory-engine
/** Reads and writes shards that fit into memory. Worker threads and other processes recreate it from `origin`. */
export function memoryEngine(options: MemoryEngineOptions = {}): ShardEngine {
  const { file = 'entries' } = options
  return {
    name: 'memory-example',
    format: 'memory-example',
    origin: { module: import.meta.url, export: 'memoryEngine', options },
    supports: { io: 'objects' },
    recognizes: async ({ url, objects }) => (await objects.head(`${url}/${file}`)) !== undefined,
    openWriter: async ({ url, objects, signal }) => {
      signal?.throwIfAborted()
      return new MemoryWriter(`${url}/${file}`, required(objects))
    },
    openReader: async ({ url, objects, signal }) => {
      const bytes = await required(objects).get(`${url}/${file}`, { signal })
      signal?.throwIfAborted()
      if (bytes === undefined) throw notThere(url)
      return new MemoryReader(EntryChunk.fromBuffer(new Uint8Array(bytes).buffer))
    },
  }
}
// #endregion

class MemoryWriter implements EngineWriter {
  readonly #url: string
  readonly #objects: ObjectStore
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(url: string, objects: ObjectStore) {
    this.#url = url
    this.#objects = objects
  }

  async write(chunk: EntryChunk): Promise<void> {
    // Copy the bytes: a view would retain the whole chunk, including replaced values.
    for (const [key, value] of chunk) this.#entries.set(hex(key), [key.slice(), value.slice()])
  }

  async flush(): Promise<void> {}

  async seal(): Promise<void> {
    const builder = new ChunkBuilder()
    for (const key of [...this.#entries.keys()].sort()) builder.push(...this.#entries.get(key)!)
    const bytes = new Uint8Array(builder.finish().buffer)
    this.#bytes = bytes.length
    await this.#objects.put(this.#url, bytes)
  }

  async bytes(): Promise<number> {
    return this.#bytes
  }

  async close(): Promise<void> {
    this.#entries.clear()
  }
}

class MemoryReader implements EngineReader {
  readonly #entries: readonly Entry[]
  readonly #values: ReadonlyMap<string, Uint8Array>

  constructor(chunk: EntryChunk) {
    this.#entries = [...chunk]
    this.#values = new Map(this.#entries.map(([key, value]) => [hex(key), value]))
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return keys.map((key) => this.#values.get(hex(key))?.slice())
  }

  scan({ start, end }: ByteRange, { reverse = false } = {}): EngineScan {
    let left = this.#entries.filter(
      ([key]) =>
        (start === undefined || Buffer.compare(key, start) >= 0) &&
        (end === undefined || Buffer.compare(key, end) < 0),
    )
    if (reverse) left.reverse()
    return {
      async nextChunk(maxEntries) {
        const next = left.slice(0, maxEntries)
        left = left.slice(maxEntries)
        return next.length === 0 ? undefined : packEntries(next)
      },
      async close() {
        left = []
      },
    }
  }

  async close(): Promise<void> {}
}

function required(objects: ObjectStore | undefined): ObjectStore {
  if (objects !== undefined) return objects
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    'memory-example: objects must be an object store, got nothing',
  )
}

function notThere(url: string): ShardyfusionError {
  return new ShardyfusionError('SHARD_NOT_FOUND', `memory-example: the shard ${url} does not exist`)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
