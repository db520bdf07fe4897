import type { BufferPool } from '../../chunk/buffer-pool.js'
import { ChunkBuilder } from '../../chunk/chunk-builder.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import { compareKeys } from '../../chunk/merge-head.js'
import { TAG_PUT } from './change-tags.js'

/** The rows of a shard in key order, as an engine scans them. */
export interface RowSource {
  nextChunk(maxEntries: number): Promise<EntryChunk | undefined>
}

export interface MergeOptions {
  /** Bytes of a chunk; those that no change touches keep their own size. */
  readonly chunkBytes: number
  /** Average bytes of a row, if known. */
  readonly rowBytes?: number | undefined
  readonly buffers?: BufferPool | undefined
}

/** Counts of a merge so far. */
export interface MergeTally {
  /** Rows read from the shard. */
  read: number
  /** Rows of the result. */
  written: number
  /** Puts of keys that did not exist. */
  inserted: number
  /** Puts of keys that existed with another value. */
  replaced: number
  /** Deletes of keys that existed. */
  deleted: number
}

export function newTally(): MergeTally {
  return { read: 0, written: 0, inserted: 0, replaced: 0, deleted: 0 }
}

/** Number of rows of the first request; later ones follow the size of the rows. */
const FIRST_ROWS = 1024
const MOST_ROWS = 64 * 1024

/**
 * Merges the rows of a shard with its changes, in one pass and in key order.
 *
 * Shape: both inputs are ascending and without repeated keys; `changes` are tagged
 * (`change-tags.ts`). Rows move as runs of packed bytes: a chunk that no change touches is passed on
 * as it is. Memory: two chunks of rows and one of changes.
 */
export async function* mergeChanges(
  rows: RowSource | undefined,
  changes: AsyncIterable<EntryChunk>,
  { chunkBytes, rowBytes, buffers }: MergeOptions,
  tally: MergeTally,
): AsyncGenerator<EntryChunk> {
  const builder = new ChunkBuilder(64, Math.min(chunkBytes, 64 * 1024), buffers)
  const head = new ChangeHead(changes[Symbol.asyncIterator]())
  try {
    await head.start()
    let request = rowBytes === undefined ? FIRST_ROWS : rowsOf(chunkBytes, rowBytes)
    for (let chunk = await rows?.nextChunk(request); chunk !== undefined;) {
      tally.read += chunk.count
      request = rowsOf(chunkBytes, chunk.byteLength / chunk.count)
      if (head.isBehind(chunk)) {
        if (builder.count > 0) yield builder.finish()
        tally.written += chunk.count
        yield chunk
      } else {
        for (let at = 0; at < chunk.count;) {
          const end = head.findIn(chunk, at)
          if (end > at) {
            builder.pushRun(chunk, at, end)
            tally.written += end - at
          }
          at = end
          if (at === chunk.count) break
          const replaces = head.isAt(chunk, at)
          head.apply(builder, tally, replaces ? chunk : undefined, at)
          if (replaces) at++
          if (head.advance()) await head.next()
          if (builder.bytes >= chunkBytes) yield builder.finish()
        }
      }
      chunk = await rows!.nextChunk(request)
    }
    while (head.chunk !== undefined) {
      head.apply(builder, tally, undefined, 0)
      if (head.advance()) await head.next()
      if (builder.bytes >= chunkBytes) yield builder.finish()
    }
    if (builder.count > 0) yield builder.finish()
  } finally {
    await head.close()
  }
}

function rowsOf(chunkBytes: number, rowBytes: number): number {
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(chunkBytes / Math.max(1, rowBytes))))
}

/** The next change. */
class ChangeHead {
  readonly #changes: AsyncIterator<EntryChunk>
  /** The chunk of the next change; `undefined` at the end. */
  chunk: EntryChunk | undefined
  #index = 0

  constructor(changes: AsyncIterator<EntryChunk>) {
    this.#changes = changes
  }

  start(): Promise<void> {
    return this.next()
  }

  async next(): Promise<void> {
    const next = await this.#changes.next()
    this.chunk = next.done === true ? undefined : next.value
    this.#index = 0
  }

  /** Moves on; returns true if `next` has to follow. */
  advance(): boolean {
    this.#index++
    return this.#index === this.chunk!.count
  }

  async close(): Promise<void> {
    await this.#changes.return?.()
  }

  /** Returns true if no change is at or before the last row of the chunk. */
  isBehind(rows: EntryChunk): boolean {
    return this.chunk === undefined || this.#compare(rows, rows.count - 1) < 0
  }

  /** Returns the first row from `start` on that is not before the change; the count of rows if all are. */
  findIn(rows: EntryChunk, start: number): number {
    const { count } = rows
    if (this.chunk === undefined) return count
    // Double the step, then bisect the last one.
    let before = start - 1
    let after = start
    for (let step = 1; after < count && this.#compare(rows, after) < 0; step *= 2) {
      before = after
      after += step
    }
    after = Math.min(after, count)
    while (after - before > 1) {
      const middle = (before + after) >>> 1
      if (this.#compare(rows, middle) < 0) before = middle
      else after = middle
    }
    return after
  }

  isAt(rows: EntryChunk, row: number): boolean {
    return this.#compare(rows, row) === 0
  }

  /** Packs the change; `old` has the row that it replaces. */
  apply(builder: ChunkBuilder, tally: MergeTally, old: EntryChunk | undefined, row: number): void {
    const chunk = this.chunk!
    const value = chunk.value(this.#index)
    if (value[0] !== TAG_PUT) {
      if (old !== undefined) tally.deleted++
      return
    }
    const bytes = value.subarray(1)
    builder.push(chunk.key(this.#index), bytes)
    tally.written++
    if (old === undefined) tally.inserted++
    else if (!sameBytes(old.value(row), bytes)) tally.replaced++
  }

  #compare(rows: EntryChunk, row: number): number {
    return compareKeys(rows, row, this.chunk!, this.#index)
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
