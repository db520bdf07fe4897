import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { EngineReader, EngineScan, EngineScanOptions } from '../engine/engine.js'
import { rangeBehind } from '../keys/key-range.js'
import type { ByteRange } from '../types.js'
import type { ChunkSource } from '../chunk/chunk-source.js'
import type { SnapshotState } from './snapshot-state.js'

/**
 * A scan of one shard that survives the shard being closed in between: it goes on behind the last key it gave.
 *
 * Shards never change, so the continued scan sees what the first would have seen.
 */
export class ShardCursor implements ChunkSource {
  readonly shard: number
  readonly #state: SnapshotState
  readonly #options: EngineScanOptions
  #range: ByteRange
  #scan: EngineScan | undefined
  #reader: EngineReader | undefined
  #closed = false

  constructor(state: SnapshotState, shard: number, range: ByteRange, options: EngineScanOptions) {
    this.#state = state
    this.shard = shard
    this.#range = range
    this.#options = options
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    if (this.#closed) return undefined
    const chunk = await this.#state.use(this.shard, async (reader) => {
      // Left while the shard was opening: a scan begun now would have nobody to close it.
      if (this.#closed) return undefined
      if (this.#scan === undefined || this.#reader !== reader) {
        this.#reader = reader
        this.#scan = reader.scan(this.#range, this.#options)
      }
      return this.#scan.nextChunk(maxEntries)
    })
    if (chunk === undefined) await this.close()
    else {
      const last = chunk.key(chunk.count - 1)
      this.#range = rangeBehind(this.#range, last, this.#options.reverse === true)
    }
    return chunk
  }

  async close(): Promise<void> {
    this.#closed = true
    const scan = this.#scan
    this.#scan = undefined
    await scan?.close()
  }
}
