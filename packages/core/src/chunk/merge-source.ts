import pLimit from 'p-limit'
import { ChunkBuilder } from './chunk-builder.js'
import type { EntryChunk } from './entry-chunk.js'
import { compareBytes } from '../util/bytes.js'
import type { ChunkSource } from './chunk-source.js'

// Chunks of all shards together hold about this many entries; a shard's own never fewer than the least.
const ENTRIES_IN_ALL = 16 * 1024
const LEAST_PER_SHARD = 64

interface Head {
  readonly source: ChunkSource
  /** Breaks ties, so that the order is the same at every run. */
  readonly order: number
  chunk: EntryChunk
  index: number
  key: Uint8Array
}

/** Merges sources that are each in key order into one in key order, copying packed bytes without decoding them. */
export class MergeSource implements ChunkSource {
  readonly #sources: readonly ChunkSource[]
  readonly #reverse: boolean
  readonly #concurrency: number
  readonly #perShard: number
  readonly #builder = new ChunkBuilder()
  // A binary heap: the head with the next key first.
  #heap: Head[] | undefined

  constructor(sources: readonly ChunkSource[], reverse: boolean, concurrency: number) {
    this.#sources = sources
    this.#reverse = reverse
    this.#concurrency = concurrency
    this.#perShard = Math.max(
      LEAST_PER_SHARD,
      Math.ceil(ENTRIES_IN_ALL / Math.max(1, sources.length)),
    )
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    const heap = (this.#heap ??= await this.#fillHeap(maxEntries))
    const builder = this.#builder
    while (builder.count < maxEntries) {
      const head = heap[0]
      if (head === undefined) break
      builder.push(head.key, head.chunk.value(head.index))
      head.index++
      if (head.index === head.chunk.count) {
        const chunk = await head.source.nextChunk(Math.min(this.#perShard, maxEntries))
        if (chunk === undefined) {
          const last = heap.pop()!
          if (last === head) continue
          heap[0] = last
        } else {
          head.chunk = chunk
          head.index = 0
        }
      }
      const top = heap[0]!
      top.key = top.chunk.key(top.index)
      this.#siftDown(heap, 0)
    }
    return builder.count === 0 ? undefined : builder.finish()
  }

  async close(): Promise<void> {
    this.#heap = []
    await Promise.all(this.#sources.map((source) => source.close()))
  }

  async #fillHeap(maxEntries: number): Promise<Head[]> {
    const limit = pLimit(this.#concurrency)
    const max = Math.min(this.#perShard, maxEntries)
    const firsts = await Promise.all(
      this.#sources.map((source) => limit(() => source.nextChunk(max))),
    )
    const heap: Head[] = []
    firsts.forEach((chunk, order) => {
      const source = this.#sources[order]!
      if (chunk !== undefined) heap.push({ source, order, chunk, index: 0, key: chunk.key(0) })
    })
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) this.#siftDown(heap, i)
    return heap
  }

  #siftDown(heap: Head[], start: number): void {
    const head = heap[start]!
    let at = start
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++
      if (!this.#before(heap[child]!, head)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = head
  }

  #before(a: Head, b: Head): boolean {
    const order = compareBytes(a.key, b.key)
    if (order === 0) return a.order < b.order
    return this.#reverse ? order > 0 : order < 0
  }
}
