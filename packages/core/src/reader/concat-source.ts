import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { ChunkSource } from '../chunk/chunk-source.js'

/** Source after source; the cheapest way through all shards, in no order of keys. */
export class ConcatSource implements ChunkSource {
  readonly #sources: ChunkSource[]

  constructor(sources: readonly ChunkSource[]) {
    this.#sources = [...sources]
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    for (;;) {
      const source = this.#sources[0]
      if (source === undefined) return undefined
      const chunk = await source.nextChunk(maxEntries)
      if (chunk !== undefined) return chunk
      this.#sources.shift()
      await source.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.splice(0).map((source) => source.close()))
  }
}
