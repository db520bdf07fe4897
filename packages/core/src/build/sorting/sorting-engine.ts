import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import type { EngineWriter, ShardEngine } from '../../engine/engine.js'
import { wrapEngine } from '../../engine/wrap-engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { compareBytes, copyBytes } from '../../text/bytes.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { EntrySorter } from '../../sorting/entry-sorter.js'
import { SortMemory } from '../../sorting/sort-memory.js'

/** How a build sorts; plain data, which workers get as well. */
export interface SortingOptions {
  /** An existing folder for the files of sorted rows. */
  readonly folder: string
  /**
   * Bytes of rows in memory before the largest shard is spilled to disk, over all shards of this
   * thread.
   */
  readonly memoryBytes: number
  /** Size of the batches for the engine, in bytes. */
  readonly chunkBytes: number
}

/**
 * Wraps an engine so that it receives the rows of each shard in the order of their keys.
 *
 * Rows are buffered in memory up to a bound, then in sorted files on local disk, and reach the
 * engine when the shard is sealed.
 */
export function sortingEngine(inner: ShardEngine, options: SortingOptions): ShardEngine {
  const memory = new SortMemory(options.memoryBytes)
  return wrapEngine(inner, {
    // Rows are buffered until the shard is sealed.
    supports: { ...inner.supports, incrementalFlush: false, copiesChunks: false },
    openWriter: async (o) =>
      new SortingWriter(await inner.openWriter({ ...o, sortedRows: true }), memory, options),
  })
}

class SortingWriter implements EngineWriter {
  readonly #inner: EngineWriter
  readonly #sorter: EntrySorter
  readonly #chunkBytes: number
  readonly close: () => Promise<void>

  constructor(
    inner: EngineWriter,
    memory: SortMemory,
    { folder, chunkBytes }: Omit<SortingOptions, 'memoryBytes'>,
  ) {
    this.#inner = inner
    this.#sorter = new EntrySorter(memory, { folder })
    this.#chunkBytes = chunkBytes
    this.close = closeOnce(() =>
      runAll([() => this.#sorter.close(), () => this.#inner.close()], 'close'),
    )
  }

  write(chunk: EntryChunk): Promise<void> {
    return this.#sorter.add(chunk)
  }

  /** Vectors stay in the order of the calls. */
  writeVectors(chunk: VectorChunk): Promise<void> {
    return this.#inner.writeVectors!(chunk)
  }

  /** Nothing to do: rows reach the engine when all of them are known. */
  async flush(): Promise<void> {}

  async seal(): Promise<ShardSeal> {
    let keys = 0
    let last: Uint8Array | undefined
    for await (const chunk of this.#sorter.sorted(this.#chunkBytes)) {
      if (this.#sorter.hasSpilled) {
        keys += distinctKeys(chunk, last)
        last = copyBytes(chunk.key(chunk.count - 1))
      } else keys += chunk.count
      await this.#inner.write(chunk)
    }
    const seal = await this.#inner.seal()
    return { objects: {}, ...seal, keys }
  }

  bytes(): Promise<number> {
    return this.#inner.bytes()
  }
}

/**
 * Counts the keys of a sorted chunk that differ from the one before them; `last` comes before the
 * first.
 */
function distinctKeys(chunk: EntryChunk, last: Uint8Array | undefined): number {
  let distinct = 0
  let previous = last
  for (let i = 0; i < chunk.count; i++) {
    const key = chunk.key(i)
    if (previous === undefined || compareBytes(previous, key) !== 0) distinct++
    previous = key
  }
  return distinct
}
