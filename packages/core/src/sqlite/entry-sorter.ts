import { closeOnce } from '../async/close-once.js'
import type { ChunkSource } from '../chunk/chunk-source.js'
import { EntryChunk } from '../chunk/entry-chunk.js'
import { MergeSource } from '../chunk/merge-source.js'
import { sortEntries } from '../chunk/sort-entries.js'
import type { EngineWriterOptions, ScratchSpace } from '../engine/engine.js'

const MIB = 1024 * 1024
/** Rows are not spilled in smaller parts, whatever the memory of the writer. */
const LEAST_MEMORY_BYTES = MIB
/** Chunks of a spilled part; one of every part is in memory while they are merged. */
const PART_CHUNK_BYTES = 128 * 1024
/** Maximum number of parts merged at once; more are first merged into one. */
const MAX_PARTS = 64
const MERGE = { reverse: false, concurrency: MAX_PARTS }

/**
 * Sorts the rows of one shard by key: in memory, and in sorted parts in temporary space beyond
 * `memoryBytes`. Without temporary space all rows are in memory.
 */
export class EntrySorter {
  readonly #memoryBytes: number
  readonly #openScratch: EngineWriterOptions['openScratch']
  #chunks: EntryChunk[] = []
  #heldBytes = 0
  #rows = 0
  #rowBytes = 0
  #space: Promise<ScratchSpace> | undefined
  #parts: Part[] = []
  #partsMade = 0
  readonly close: () => Promise<void>

  constructor({
    memoryBytes = 64 * MIB,
    openScratch,
  }: Pick<EngineWriterOptions, 'memoryBytes' | 'openScratch'>) {
    this.#memoryBytes = Math.max(LEAST_MEMORY_BYTES, memoryBytes)
    this.#openScratch = openScratch
    this.close = closeOnce(async () => {
      this.#chunks = []
      await (await this.#space?.catch(() => undefined))?.close()
    })
  }

  /** Takes a chunk, which belongs to the sorter. Calls are sequential. */
  async add(chunk: EntryChunk): Promise<void> {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.buffer.byteLength
    this.#rows += chunk.count
    this.#rowBytes += chunk.byteLength
    if (this.#heldBytes > this.#memoryBytes && this.#openScratch !== undefined) await this.#spill()
  }

  /**
   * Returns all rows in the order of their keys, in chunks of about `chunkBytes`; of equal keys the
   * last one comes last, and the others may be omitted. Nothing can be added afterwards.
   */
  async *sorted(chunkBytes: number): AsyncGenerator<EntryChunk> {
    const held = sortEntries(this.#takeHeld(), chunkBytes)
    if (this.#parts.length === 0) {
      yield* held
      return
    }
    // The parts are older than the rows in memory.
    const last: ChunkSource = {
      nextChunk: async () => held.next().value ?? undefined,
      close: async () => {},
    }
    yield* this.#chunksOf(new MergeSource([...this.#parts, last], MERGE), chunkBytes)
  }

  #takeHeld(): EntryChunk[] {
    const held = this.#chunks
    this.#chunks = []
    this.#heldBytes = 0
    return held
  }

  async #spill(): Promise<void> {
    this.#parts.push(await this.#newPart(sortEntries(this.#takeHeld(), PART_CHUNK_BYTES)))
    if (this.#parts.length < MAX_PARTS) return
    const merged = new MergeSource(this.#parts, MERGE)
    this.#parts = [await this.#newPart(this.#chunksOf(merged, PART_CHUNK_BYTES))]
  }

  async #newPart(chunks: Iterable<EntryChunk> | AsyncIterable<EntryChunk>): Promise<Part> {
    const space = await (this.#space ??= this.#openScratch!())
    const part = new Part(space, `part-${this.#partsMade++}`)
    for await (const chunk of chunks) await part.append(chunk)
    return part
  }

  async *#chunksOf(source: ChunkSource, bytes: number): AsyncGenerator<EntryChunk> {
    const entries = Math.max(1, Math.floor((bytes * this.#rows) / Math.max(1, this.#rowBytes)))
    for (let chunk = await source.nextChunk(entries); chunk !== undefined;) {
      yield chunk
      chunk = await source.nextChunk(entries)
    }
  }
}

/** Chunks in key order in temporary space, written once and read once. */
class Part implements ChunkSource {
  readonly #space: ScratchSpace
  readonly #name: string
  #count = 0
  #next = 0

  constructor(space: ScratchSpace, name: string) {
    this.#space = space
    this.#name = name
  }

  async append({ buffer }: EntryChunk): Promise<void> {
    await this.#space.put(this.#nameOf(this.#count), new Uint8Array(buffer))
    this.#count++
  }

  async nextChunk(): Promise<EntryChunk | undefined> {
    if (this.#next === this.#count) return undefined
    const name = this.#nameOf(this.#next++)
    const packed = await this.#space.get(name, 0, Number.MAX_SAFE_INTEGER)
    await this.#space.delete(name)
    if (packed === undefined) throw new Error(`temporary space has lost ${name}`)
    const isWhole = packed.buffer.byteLength === packed.length
    return EntryChunk.fromBuffer((isWhole ? packed : packed.slice()).buffer as ArrayBuffer)
  }

  async close(): Promise<void> {}

  #nameOf(chunk: number): string {
    return `${this.#name}/${chunk}`
  }
}
