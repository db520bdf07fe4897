import { HAS_DISK, requireRunFolder, type RunFile, writeRunFile } from '#node/sorting/run-file'
import { closeOnce, runAll } from '../async/close-once.js'
import type { ChunkSource } from '../chunk/chunk-source.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import { MergeSource } from '../chunk/merge-source.js'
import { sortEntries } from './sort-entries.js'
import type { SortMemory, Spillable } from './sort-memory.js'

export interface EntrySorterOptions {
  /** An existing folder for the files of sorted rows; the one for temporary files by default. */
  readonly folder?: string | undefined
  /** Bytes that this sorter adds to the limit of the shared memory; 0 by default. */
  readonly memoryBytes?: number | undefined
}

/**
 * Size of the chunks of a sorted file: one chunk of every file is in memory while they are merged.
 */
const RUN_CHUNK_BYTES = 64 * 1024
/** Maximum number of sorted files merged at once; more are first merged into one. */
const MAX_RUNS = 64
const MERGE = { reverse: false, concurrency: MAX_RUNS }

/**
 * Sorts the rows of one shard by key.
 *
 * Rows are buffered in memory up to a bound, then in sorted files on local disk. Without a disk, in
 * browsers, all of them are in memory.
 */
export class EntrySorter implements Spillable {
  readonly #memory: SortMemory
  readonly #folder: string | undefined
  #chunks: EntryChunk[] = []
  #heldBytes = 0
  #rows = 0
  #rowBytes = 0
  #runs: RunFile[] = []
  #spilling: Promise<void> = Promise.resolve()
  readonly close: () => Promise<void>

  constructor(memory: SortMemory, { folder, memoryBytes = 0 }: EntrySorterOptions = {}) {
    this.#memory = memory
    this.#folder = folder
    memory.join(this, memoryBytes)
    this.close = closeOnce(() => this.#close())
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** True if rows are on disk; then equal keys may follow one another in `sorted`. */
  get hasSpilled(): boolean {
    return this.#runs.length > 0
  }

  /** Takes a chunk, which belongs to the sorter. */
  async add(chunk: EntryChunk): Promise<void> {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.buffer.byteLength
    this.#rows += chunk.count
    this.#rowBytes += chunk.byteLength
    if (HAS_DISK) await this.#memory.take(chunk.buffer.byteLength)
  }

  /**
   * Returns all rows in the order of their keys, in chunks of about `chunkBytes`; of equal keys the
   * last one comes last, and the others may be omitted. Nothing can be added afterwards.
   */
  async *sorted(chunkBytes: number): AsyncGenerator<EntryChunk> {
    await this.#spilling
    const { chunks, bytes } = this.#takeHeld()
    try {
      const held = sortEntries(chunks, chunkBytes)
      if (this.#runs.length === 0) yield* held
      else yield* this.#merged(held, chunkBytes)
    } finally {
      if (HAS_DISK) this.#memory.release(bytes)
    }
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
    // `sorted` reports the same failure.
    return this.#spilling
  }

  async #close(): Promise<void> {
    await this.#spilling.catch(() => {})
    this.#memory.leave(this)
    if (HAS_DISK) this.#memory.release(this.#heldBytes)
    this.#takeHeld()
    await runAll(
      this.#runs.map((run) => () => run.close()),
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
    const folder = this.#folder ?? (await requireRunFolder())
    this.#runs.push(await writeRunFile(folder, chunks))
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
   * Files are older than the buffered rows: of equal keys the caller gets the last one last.
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
