import { type RunFile, writeRunFile } from '#node/build/sorting/run-file'
import type { ChunkSource } from '../../chunk/chunk-source.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import { MergeSource } from '../../chunk/merge-source.js'
import type { EngineWriter, ShardEngine } from '../../engine/engine.js'
import { wrapEngine } from '../../engine/wrap-engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { compareBytes, copyBytes } from '../../text/bytes.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { sortEntries } from './sort-entries.js'
import { SortMemory } from './sort-memory.js'

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
 * Size of the chunks of a sorted file: one chunk of every file is in memory while they are merged.
 */
const RUN_CHUNK_BYTES = 64 * 1024
/** Maximum number of sorted files merged at once; more are first merged into one. */
const MAX_RUNS = 64
const MERGE = { reverse: false, concurrency: MAX_RUNS }

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
    openWriter: async (o) => new SortingWriter(await inner.openWriter(o), memory, options),
  })
}

class SortingWriter implements EngineWriter {
  readonly #inner: EngineWriter
  readonly #memory: SortMemory
  readonly #options: SortingOptions
  #chunks: EntryChunk[] = []
  #heldBytes = 0
  #rows = 0
  #rowBytes = 0
  #runs: RunFile[] = []
  #spilling: Promise<void> = Promise.resolve()
  readonly close: () => Promise<void>

  constructor(inner: EngineWriter, memory: SortMemory, options: SortingOptions) {
    this.#inner = inner
    this.#memory = memory
    this.#options = options
    memory.join(this)
    this.close = closeOnce(() => this.#close())
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  async write(chunk: EntryChunk): Promise<void> {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.buffer.byteLength
    this.#rows += chunk.count
    this.#rowBytes += chunk.byteLength
    await this.#memory.take(chunk.buffer.byteLength)
  }

  /** Vectors stay in the order of the calls. */
  writeVectors(chunk: VectorChunk): Promise<void> {
    return this.#inner.writeVectors!(chunk)
  }

  /** Nothing to do: rows reach the engine when all of them are known. */
  async flush(): Promise<void> {}

  async seal(): Promise<ShardSeal> {
    await this.#spilling
    const { chunks, bytes } = this.#takeHeld()
    const { chunkBytes } = this.#options
    const held = sortEntries(chunks, chunkBytes)
    let keys = 0
    if (this.#runs.length === 0) {
      for (const chunk of held) {
        keys += chunk.count
        await this.#inner.write(chunk)
      }
    } else {
      let last: Uint8Array | undefined
      for await (const chunk of this.#merged(held, chunkBytes)) {
        keys += distinctKeys(chunk, last)
        last = copyBytes(chunk.key(chunk.count - 1))
        await this.#inner.write(chunk)
      }
    }
    this.#memory.release(bytes)
    const seal = await this.#inner.seal()
    return { objects: {}, ...seal, keys }
  }

  bytes(): Promise<number> {
    return this.#inner.bytes()
  }

  /** Sorts the buffered rows into a file on disk. */
  spill(): Promise<void> {
    const { chunks, bytes } = this.#takeHeld()
    this.#spilling = this.#spilling.then(async () => {
      if (chunks.length === 0) return
      try {
        await this.#addRun(sortEntries(chunks, RUN_CHUNK_BYTES))
        if (this.#runs.length >= MAX_RUNS) await this.#mergeRuns()
      } finally {
        this.#memory.release(bytes)
      }
    })
    // The seal of the shard reports the same failure.
    return this.#spilling
  }

  async #close(): Promise<void> {
    await this.#spilling.catch(() => {})
    this.#memory.leave(this)
    this.#memory.release(this.#takeHeld().bytes)
    await runAll(
      [...this.#runs.map((run) => () => run.close()), () => this.#inner.close()],
      'close',
    )
  }

  #takeHeld(): { chunks: EntryChunk[]; bytes: number } {
    const taken = { chunks: this.#chunks, bytes: this.#heldBytes }
    this.#chunks = []
    this.#heldBytes = 0
    return taken
  }

  async #addRun(chunks: Iterable<EntryChunk> | AsyncIterable<EntryChunk>): Promise<void> {
    this.#runs.push(await writeRunFile(this.#options.folder, chunks))
  }

  async #mergeRuns(): Promise<void> {
    const before = this.#runs
    this.#runs = []
    try {
      await this.#addRun(this.#chunksOf(new MergeSource(before, MERGE), RUN_CHUNK_BYTES))
    } finally {
      await runAll(
        before.map((run) => () => run.close()),
        'close',
      )
    }
  }

  /**
   * Files are older than the buffered rows: of equal keys the engine gets the last one last, and
   * keeps it.
   */
  #merged(held: Generator<EntryChunk, void>, chunkBytes: number): AsyncGenerator<EntryChunk> {
    const last: ChunkSource = {
      nextChunk: async () => held.next().value ?? undefined,
      close: async () => {},
    }
    return this.#chunksOf(new MergeSource([...this.#runs, last], MERGE), chunkBytes)
  }

  async *#chunksOf(source: ChunkSource, bytes: number): AsyncGenerator<EntryChunk> {
    const entries = Math.max(1, Math.floor((bytes * this.#rows) / Math.max(1, this.#rowBytes)))
    for (let chunk = await source.nextChunk(entries); chunk !== undefined;) {
      yield chunk
      chunk = await source.nextChunk(entries)
    }
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
