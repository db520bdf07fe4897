import type { EntryChunk } from './entry-chunk.js'

/** Where a scan takes its chunks from: one engine scan, one shard of many, or a merge of shards. */
export interface ChunkSource {
  /** The next entries, at most `maxEntries`, never none; `undefined` at the end. One call at a time. */
  nextChunk(maxEntries: number): Promise<EntryChunk | undefined>
  /** Sources finished before the last chunk's, for those that come one after the other. */
  readonly passed?: number
  /** Releases what it holds; idempotent. */
  close(): Promise<void>
}
