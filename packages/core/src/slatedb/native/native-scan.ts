import type { DbIterator, DbReader, KeyValue } from '@slatedb/uniffi'
import { ChunkBuilder } from '../../chunk/chunk-builder.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import { busy } from '../../errors/error-factories.js'
import type { ByteRange } from '../../types.js'
import { compareBytes } from '../../text/bytes.js'
import { closeOnce } from '../../async/close-once.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import { watch } from '../../async/watchdog.js'
import { checkValueBytes } from '../../engine/check-value-bytes.js'
import type { EngineScan } from '../../engine/engine.js'
import type { Binding } from './binding.js'
import { nativeCall } from './native-calls.js'
import { nativeError, nativeTimeout, READ_TIMEOUT_MS } from './native-error.js'

// Saves a third of the binding's time per row; more gains nothing on local storage (measured).
const READ_AHEAD_BYTES = 64 * 1024
const FETCH_TASKS = 2
// Chunks of large values end here, so that a scan holds about this much in memory for any values.
const CHUNK_BYTES = 4 * 1024 * 1024

const NO_BYTES = new Uint8Array(0)

type BatchIterator = DbIterator & { next_batch(max: number): Promise<KeyValue[] | undefined> }

/** One scan over a shard, opened at the first chunk. */
export class NativeScan implements EngineScan {
  readonly #binding: Binding
  readonly #reader: DbReader
  readonly #url: string
  readonly #range: ByteRange
  readonly #reverse: boolean
  readonly #maxValueBytes: number
  readonly #builder = new ChunkBuilder()
  #iterator: DbIterator | undefined
  #running: Promise<unknown> | undefined
  #reading = false
  #abandoned = false
  #done = false
  readonly close: () => Promise<void>

  constructor(
    binding: Binding,
    reader: DbReader,
    url: string,
    range: ByteRange,
    options: { readonly reverse: boolean; readonly maxValueBytes: number },
    onClose: () => void,
  ) {
    this.#binding = binding
    this.#reader = reader
    this.#url = url
    this.#range = range
    this.#reverse = options.reverse
    this.#maxValueBytes = options.maxValueBytes
    // The engine refuses empty ranges.
    const { start, end } = range
    this.#done = end !== undefined && compareBytes(start ?? NO_BYTES, end) >= 0
    this.close = closeOnce(async () => {
      this.#done = true
      await this.#running?.catch(() => {})
      // After a timeout the call is still in flight and needs its iterator; #read frees it then.
      this.#abandoned = true
      if (!this.#reading) this.#dispose()
      onClose()
    })
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    if (this.#done) return undefined
    if (this.#running !== undefined) {
      throw busy('native engine', 'nextChunk: wait for the previous call first')
    }
    const running = nativeCall(() =>
      watch(this.#read(maxEntries), READ_TIMEOUT_MS, () =>
        nativeTimeout('native engine: scan', this.#url, READ_TIMEOUT_MS),
      ),
    )
    this.#running = running
    try {
      return await running
    } catch (error) {
      this.#done = true
      throw nativeError(error, 'native engine: scan', this.#url)
    } finally {
      this.#running = undefined
    }
  }

  async #read(maxEntries: number): Promise<EntryChunk | undefined> {
    this.#reading = true
    try {
      await yieldIfDue()
      this.#iterator ??= await this.#open()
      const builder = this.#builder
      if (this.#binding.features.nextBatch) await this.#readBatch(maxEntries)
      else await this.#readRows(builder, maxEntries)
      if (builder.count === 0) return undefined
      return builder.finish()
    } finally {
      this.#reading = false
      if (this.#abandoned) this.#dispose()
    }
  }

  #dispose(): void {
    this.#iterator?.dispose()
    this.#iterator = undefined
  }

  async #readBatch(maxEntries: number): Promise<void> {
    const rows = (await (this.#iterator as BatchIterator).next_batch(maxEntries)) ?? []
    for (const row of rows) this.#push(row)
    // Zero rows mean the end. A short batch does not: the engine may cut it at the end of a block.
    if (rows.length === 0) this.#done = true
  }

  async #readRows(builder: ChunkBuilder, maxEntries: number): Promise<void> {
    const iterator = this.#iterator!
    while (builder.count < maxEntries && builder.bytes < CHUNK_BYTES) {
      const row = await iterator.next()
      if (row === undefined) {
        this.#done = true
        return
      }
      this.#push(row)
      const turn = yieldIfDue()
      if (turn !== undefined) await turn
    }
  }

  #push({ key, value }: KeyValue): void {
    checkValueBytes(value, this.#maxValueBytes, 'native engine: scan', this.#url)
    this.#builder.push(key, value)
  }

  #open(): Promise<DbIterator> {
    const { start } = this.#range
    return this.#reader.scan_with_options(
      {
        // The engine has no empty key, and refuses to start at one.
        start: start?.length === 0 ? undefined : start,
        start_inclusive: true,
        end: this.#range.end,
        end_inclusive: false,
      },
      {
        durability_filter: 'Remote',
        dirty: false,
        read_ahead_bytes: READ_AHEAD_BYTES,
        cache_blocks: false,
        max_fetch_tasks: FETCH_TASKS,
        order: this.#reverse ? 'Descending' : 'Ascending',
      },
    )
  }
}
