import type { ChunkSource } from '../../chunk/chunk-source.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { ReaderCounters } from '../../diagnostics/reader-stats.js'
import type { DiagnosticsTraces, Trace } from '../../diagnostics/traces.js'

/** Counts the chunks of a scan, and ends its operation. */
export class CountedSource implements ChunkSource {
  readonly #source: ChunkSource
  readonly #counters: ReaderCounters
  readonly #trace: Trace<DiagnosticsTraces['scan']> | undefined
  #entries = 0
  #bytes = 0

  constructor(
    source: ChunkSource,
    counters: ReaderCounters,
    trace: Trace<DiagnosticsTraces['scan']> | undefined,
  ) {
    this.#source = source
    this.#counters = counters
    this.#trace = trace
    counters.scans++
  }

  get passed(): number {
    return this.#source.passed ?? 0
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    try {
      const read = (): Promise<EntryChunk | undefined> => this.#source.nextChunk(maxEntries)
      const chunk = await (this.#trace === undefined ? read() : this.#trace.within(read))
      if (chunk !== undefined) {
        this.#entries += chunk.count
        this.#bytes += chunk.byteLength
        this.#counters.scanEntries += chunk.count
        this.#counters.scanBytes += chunk.byteLength
      }
      return chunk
    } catch (error) {
      this.#counters.fail(error)
      this.#trace?.fail(error)
      throw error
    }
  }

  async close(): Promise<void> {
    try {
      await this.#source.close()
    } finally {
      if (this.#trace !== undefined) {
        this.#trace.message.entries = this.#entries
        this.#trace.message.bytes = this.#bytes
        this.#trace.end()
      }
    }
  }
}
