// An engine in the manner of SQLite: a shard is one file of pages with an index, of which a reader fetches what it needs.
import {
  type ByteRange,
  type EngineReader,
  type EngineScan,
  type EngineScanOptions,
  type EngineWriter,
  EntryChunk,
  type ObjectStore,
  packEntries,
  type ShardEngine,
} from '@shardyfusion/core/extend'
import { type Entry, ShardyfusionError } from '@shardyfusion/core'

export interface ToyOptions {
  /** Entries of a page; 16 by default. */
  readonly pageEntries?: number
}

/** First key (hexadecimal), start and end of each page. */
type Index = readonly (readonly [first: string, start: number, end: number])[]

/** The index ends the file, and its length ends the index. */
const FOOTER_BYTES = 4
/** Read at once when a shard is opened: most indexes fit. */
const TAIL_BYTES = 4096

export function toyEngine(options: ToyOptions = {}): ShardEngine {
  const { pageEntries = 16 } = options
  return {
    name: 'toy',
    format: 'toy-sqlite',
    supports: { io: 'objects' },
    origin: { module: import.meta.url, export: 'toyEngine', options },
    limits: { minKeyBytes: 0, maxKeyBytes: 1024, maxValueBytes: 2 ** 31 },
    recognizes: async ({ url, objects }) => (await objects.head(`${url}/toy.db`)) !== undefined,
    openWriter: async ({ url, objects, signal }) => {
      signal?.throwIfAborted()
      return new ToyWriter(`${url}/toy.db`, objects!, pageEntries)
    },
    openReader: async ({ url, objects, signal }) => {
      const file = `${url}/toy.db`
      const info = await objects!.head(file, { signal })
      signal?.throwIfAborted()
      if (info === undefined)
        throw new ShardyfusionError(
          'SHARD_NOT_FOUND',
          `toy engine: the shard ${url} does not exist`,
        )
      return new ToyReader(file, objects!, await readIndex(file, objects!, info.bytes))
    },
  }
}

class ToyWriter implements EngineWriter {
  readonly #file: string
  readonly #objects: ObjectStore
  readonly #pageEntries: number
  readonly #rows = new Map<string, Entry>()
  #bytes = 0

  constructor(file: string, objects: ObjectStore, pageEntries: number) {
    this.#file = file
    this.#objects = objects
    this.#pageEntries = pageEntries
  }

  async write(chunk: EntryChunk): Promise<void> {
    for (const [key, value] of chunk) this.#rows.set(hex(key), [key.slice(), value.slice()])
  }

  async flush(): Promise<void> {}

  async seal(): Promise<void> {
    const keys = [...this.#rows.keys()].sort()
    const index: [string, number, number][] = []
    const parts: Uint8Array[] = []
    let at = 0
    for (let i = 0; i < keys.length; i += this.#pageEntries) {
      const names = keys.slice(i, i + this.#pageEntries)
      const page = new Uint8Array(packEntries(names.map((name) => this.#rows.get(name)!)).buffer)
      index.push([names[0]!, at, at + page.length])
      parts.push(page)
      at += page.length
    }
    const json = Buffer.from(JSON.stringify(index))
    const footer = Buffer.alloc(FOOTER_BYTES)
    footer.writeUInt32LE(json.length)
    const file = new Uint8Array(Buffer.concat([...parts, json, footer]))
    this.#bytes = file.length
    await this.#objects.put(this.#file, file)
  }

  async bytes(): Promise<number> {
    return this.#bytes
  }

  async close(): Promise<void> {
    this.#rows.clear()
  }
}

async function readIndex(file: string, objects: ObjectStore, bytes: number): Promise<Index> {
  const tail = await get(objects, file, Math.max(0, bytes - TAIL_BYTES), bytes)
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(
    tail.length - FOOTER_BYTES,
    true,
  )
  const end = bytes - FOOTER_BYTES
  const json =
    length + FOOTER_BYTES <= tail.length
      ? tail.subarray(tail.length - FOOTER_BYTES - length, tail.length - FOOTER_BYTES)
      : await get(objects, file, end - length, end)
  return JSON.parse(Buffer.from(json).toString()) as Index
}

async function get(objects: ObjectStore, file: string, start: number, end: number) {
  const bytes = await objects.get(file, { range: { start, end } })
  if (bytes?.length === end - start) return new Uint8Array(bytes)
  throw new ShardyfusionError('SHARD_ENGINE', `toy engine: ${file} is cut short`)
}

class ToyReader implements EngineReader {
  readonly #file: string
  readonly #objects: ObjectStore
  readonly #index: Index
  readonly #pages = new Map<number, Promise<EntryChunk>>()

  constructor(file: string, objects: ObjectStore, index: Index) {
    this.#file = file
    this.#objects = objects
    this.#index = index
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return Promise.all(keys.map((key) => this.#get(key)))
  }

  scan({ start, end }: ByteRange, { reverse = false }: EngineScanOptions = {}): EngineScan {
    const numbers = this.#index.map((_, number) => number)
    if (reverse) numbers.reverse()
    let left: Entry[] = []
    let closed = false
    return {
      nextChunk: async (maxEntries) => {
        while (left.length === 0 && numbers.length > 0 && !closed) {
          const page = [...(await this.#page(numbers.shift()!))]
          left = (reverse ? page.reverse() : page).filter(
            ([key]) =>
              (start === undefined || Buffer.compare(key, start) >= 0) &&
              (end === undefined || Buffer.compare(key, end) < 0),
          )
        }
        if (closed || left.length === 0) return undefined
        return packEntries(left.splice(0, maxEntries))
      },
      close: async () => {
        closed = true
      },
    }
  }

  async close(): Promise<void> {
    this.#pages.clear()
  }

  async #get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const name = hex(key)
    // The last page that begins with the key or before it.
    const number = this.#index.findLastIndex(([first]) => first <= name)
    if (number === -1) return undefined
    for (const [found, value] of await this.#page(number))
      if (Buffer.compare(found, key) === 0) return value.slice()
    return undefined
  }

  #page(number: number): Promise<EntryChunk> {
    let page = this.#pages.get(number)
    if (page === undefined) {
      const [, start, end] = this.#index[number]!
      page = get(this.#objects, this.#file, start, end).then(({ buffer }) =>
        EntryChunk.fromBuffer(buffer),
      )
      this.#pages.set(number, page)
    }
    return page
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
