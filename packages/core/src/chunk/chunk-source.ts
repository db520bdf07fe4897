import type { EntryChunk } from './entry-chunk.js'

/** Provides the chunks of a scan: one engine scan, one shard of many, or a merge of shards. */
export interface ChunkSource {
  /**
   * Returns the next entries, at most `maxEntries` and at least one; `undefined` at the end. One
   * call at a time.
   */
  nextChunk(maxEntries: number): Promise<EntryChunk | undefined>
  /** Number of sources finished before that of the last chunk, if sources follow one another. */
  readonly passed?: number
  /** Releases its resources; idempotent. */
  close(): Promise<void>
}
