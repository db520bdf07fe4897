import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { ChunkSource } from '../../chunk/chunk-source.js'

interface Waiting {
  readonly source: ChunkSource
  /** Its first chunk, if it was requested before its turn. */
  first: Promise<EntryChunk | undefined> | undefined
}

/**
 * Reads source after source; the cheapest way through all shards, in no order of keys.
 *
 * The more sources it has finished, the more of the next ones it starts ahead of their turn,
 * because a first chunk takes longest.
 */
export class ConcatSource implements ChunkSource {
  readonly #waiting: Waiting[]
  readonly #mostAhead: number
  #passed = 0

  constructor(sources: readonly ChunkSource[], mostAhead: number) {
    this.#waiting = sources.map((source) => ({ source, first: undefined }))
    this.#mostAhead = mostAhead
  }

  get passed(): number {
    return this.#passed
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    for (;;) {
      const current = this.#waiting[0]
      if (current === undefined) return undefined
      const { source, first = source.nextChunk(maxEntries) } = current
      current.first = undefined
      const chunk = await first
      if (chunk !== undefined) {
        if (chunk.count <= maxEntries) return chunk
        // Return the chunk to the source: more was requested.
        current.first = Promise.resolve(chunk.slice(maxEntries))
        return chunk.slice(0, maxEntries)
      }
      this.#waiting.shift()
      this.#passed++
      this.#startAhead(maxEntries)
      await source.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#waiting.splice(0).map(({ source }) => source.close()))
  }

  #startAhead(maxEntries: number): void {
    const ahead = Math.min(this.#mostAhead, this.#passed + 1)
    for (const waiting of this.#waiting.slice(0, ahead)) {
      waiting.first ??= waiting.source.nextChunk(maxEntries)
      // A failed prefetch is reported when its shard's turn comes.
      waiting.first.catch(() => {})
    }
  }
}
