import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { EngineReader, EngineScan, EngineScanOptions } from '../../engine/engine.js'
import { rangeBehind } from '../../keys/key-range.js'
import type { ByteRange } from '../../types.js'
import type { ChunkSource } from '../../chunk/chunk-source.js'

/** Lends the reader of a shard; for example a snapshot. */
export interface ShardLender {
  use<T>(shard: number, work: (reader: EngineReader) => Promise<T>): Promise<T>
}

/**
 * Scans one shard, even if the shard is closed in between: the scan continues after the last key it
 * returned.
 *
 * Shards never change, so the continued scan sees the same entries.
 */
export class ShardCursor implements ChunkSource {
  readonly shard: number
  readonly #lender: ShardLender
  readonly #options: EngineScanOptions
  #range: ByteRange
  #scan: EngineScan | undefined
  #reader: EngineReader | undefined
  #closed = false

  constructor(lender: ShardLender, shard: number, range: ByteRange, options: EngineScanOptions) {
    this.#lender = lender
    this.shard = shard
    this.#range = range
    this.#options = options
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    if (this.#closed) return undefined
    const chunk = await this.#lender.use(this.shard, async (reader) => {
      // The scan was left while the shard was opening: nothing would close a scan started now.
      if (this.#closed) return undefined
      if (this.#scan === undefined || this.#reader !== reader) {
        this.#reader = reader
        this.#scan = reader.scan(this.#range, this.#options)
      }
      return this.#read(this.#scan, maxEntries)
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

  async #read(scan: EngineScan, maxEntries: number): Promise<EntryChunk | undefined> {
    try {
      return await scan.nextChunk(maxEntries)
    } catch (error) {
      // After a failure the scan is over; the next call must not mistake that for the end of the
      // shard.
      if (this.#scan === scan) this.#scan = undefined
      await scan.close().catch(() => {})
      throw error
    }
  }
}
