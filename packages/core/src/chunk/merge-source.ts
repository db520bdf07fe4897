import pLimit, { type LimitFunction } from 'p-limit'
import { ChunkBuilder } from './chunk-builder.js'
import type { EntryChunk } from './entry-chunk.js'
import type { ChunkSource } from './chunk-source.js'
import { LoserTree } from './loser-tree.js'
import { MergeHead } from './merge-head.js'

// The requests to all sources together stay below this number of entries; each source gets at least
// the minimum, unless its entries are large. One more chunk of each may be in flight.
const ENTRIES_IN_ALL = 16 * 1024
const BYTES_IN_ALL = 16 * 1024 * 1024
const LEAST_PER_SOURCE = 64
/** From this many entries in a row from one source, searching for the end of its run pays off. */
const GALLOP_AFTER = 8

export interface MergeOptions {
  /** Descending key order. */
  readonly reverse: boolean
  /** Maximum number of sources that fetch their next chunk at the same time. */
  readonly concurrency: number
  /** Average bytes of a key and its value, if known. */
  readonly entryBytes?: number | undefined
}

/**
 * Merges sources in key order into one in key order; copies runs of packed bytes without decoding
 * them.
 *
 * The first request to a source is small, so that the first entries come soon; each following one
 * is twice as large, and soon one chunk is fetched ahead, so that storage works while entries are
 * merged.
 */
export class MergeSource implements ChunkSource {
  readonly #sources: readonly ChunkSource[]
  readonly #options: MergeOptions
  readonly #limit: LimitFunction
  readonly #builder = new ChunkBuilder()
  #tree: LoserTree | undefined
  #last: MergeHead | undefined
  #streak = 0

  /** `sources` has at least one element. */
  constructor(sources: readonly ChunkSource[], options: MergeOptions) {
    this.#sources = sources
    this.#options = options
    this.#limit = pLimit(options.concurrency)
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    const tree = (this.#tree ??= await this.#start(maxEntries))
    const builder = this.#builder
    while (builder.count < maxEntries) {
      const head = tree.winner
      const { chunk, index } = head
      if (chunk === undefined) break
      if (index === chunk.count) {
        await this.#refill(head)
        tree.replay()
        continue
      }
      const limit = Math.min(chunk.count, index + maxEntries - builder.count)
      const end = this.#isLeading(head) ? runEnd(tree, limit) : index + 1
      if (end - index === chunk.count && chunk.count >= LEAST_PER_SOURCE) {
        // The whole chunk comes next, so it need not be copied; pending entries go first.
        if (builder.count > 0) break
        head.moveTo(end)
        return chunk
      }
      builder.pushRun(chunk, index, end)
      head.moveTo(end)
      if (end < chunk.count) tree.replay()
    }
    return builder.count === 0 ? undefined : builder.finish()
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()))
  }

  async #start(maxEntries: number): Promise<LoserTree> {
    const first = Math.min(maxEntries, LEAST_PER_SOURCE, this.#most(this.#options.entryBytes ?? 0))
    const heads = this.#sources.map(
      (source, order) => new MergeHead(source, order, this.#options.reverse, first),
    )
    await Promise.all(heads.map(async (head) => this.#begin(head, await this.#fetch(head))))
    return new LoserTree(heads)
  }

  async #refill(head: MergeHead): Promise<void> {
    const chunk = await (head.ahead ?? this.#fetch(head))
    this.#begin(head, chunk)
    if (chunk === undefined) return
    head.ahead = this.#fetch(head)
    // The error surfaces when the chunk is used.
    head.ahead.catch(() => {})
  }

  #begin(head: MergeHead, chunk: EntryChunk | undefined): void {
    head.begin(chunk)
    if (chunk === undefined) return
    head.request = Math.min(2 * head.request, this.#most(chunk.byteLength / chunk.count))
  }

  #fetch(head: MergeHead): Promise<EntryChunk | undefined> {
    return this.#limit(() => head.source.nextChunk(head.request))
  }

  /** Returns the maximum number of entries of one request to a source. */
  #most(entryBytes: number): number {
    const count = this.#sources.length
    const entries = Math.max(LEAST_PER_SOURCE, Math.ceil(ENTRIES_IN_ALL / count))
    return Math.max(1, Math.min(entries, Math.floor(BYTES_IN_ALL / count / entryBytes)))
  }

  /** Returns true if this head has won often enough in a row to expect more of it. */
  #isLeading(head: MergeHead): boolean {
    this.#streak = head === this.#last ? this.#streak + 1 : 0
    this.#last = head
    return this.#streak >= GALLOP_AFTER
  }
}

function runEnd(tree: LoserTree, limit: number): number {
  const rival = tree.runnerUp()
  return rival === undefined ? limit : tree.winner.runEnd(rival, limit)
}
