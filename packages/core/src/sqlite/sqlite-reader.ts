import type { EntryChunk as FileChunk, KeyRange } from 'sqlite-file'
import { yieldIfDue } from '../async/yield-if-due.js'
import { EntryChunk } from '../chunk/entry-chunk.js'
import { checkValueBytes } from '../engine/check-value-bytes.js'
import type { EngineReader, EngineScan, EngineScanOptions } from '../engine/engine.js'
import { busy, closed } from '../errors/error-factories.js'
import type { ByteRange } from '../types.js'
import { sqliteError } from './sqlite-error.js'

type MaybePromise<T> = T | Promise<T>

/** The rows of a shard, read by range or in memory. */
export interface ShardTable {
  /** As `EngineReader.peek`. */
  peek(key: Uint8Array): Uint8Array | undefined | null
  getMany(keys: readonly Uint8Array[]): MaybePromise<(Uint8Array | undefined)[]>
  scan(range: KeyRange, options: EngineScanOptions): TableScan
  /** Keys that one call of `getMany` may have, so that the pages of a batch fit into memory. */
  readonly keysPerBatch: number
  /** Reads everything and returns what contradicts the format. */
  verify(): Promise<readonly string[]>
  close(): void
}

interface TableScan {
  nextChunk(maxEntries: number): MaybePromise<FileChunk | undefined>
  close(): void
}

/** Reads one sealed shard; values are copies, chunks cross without a copy. */
export class SqliteReader implements EngineReader {
  readonly #table: ShardTable
  readonly #url: string
  readonly #maxValueBytes: number
  readonly #scans = new Set<SqliteScan>()
  #isClosed = false

  constructor(table: ShardTable, url: string, maxValueBytes: number) {
    this.#table = table
    this.#url = url
    this.#maxValueBytes = maxValueBytes
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const where = 'sqlite engine: getMany'
    this.#requireOpen(where)
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
    const { keysPerBatch } = this.#table
    try {
      if (keys.length <= keysPerBatch) return this.#checked(await this.#table.getMany(keys), where)
      const values: (Uint8Array | undefined)[] = []
      for (let start = 0; start < keys.length; start += keysPerBatch) {
        const batch = await this.#table.getMany(keys.slice(start, start + keysPerBatch))
        for (const value of this.#checked(batch, where)) values.push(value)
        await yieldIfDue()
      }
      return values
    } catch (error) {
      throw sqliteError(error, where, this.#url)
    }
  }

  peek(key: Uint8Array): Uint8Array | undefined | null {
    const where = 'sqlite engine: peek'
    this.#requireOpen(where)
    try {
      const value = this.#table.peek(key)
      if (value !== undefined && value !== null && value.length > this.#maxValueBytes)
        checkValueBytes(value, this.#maxValueBytes, where, this.#url)
      return value
    } catch (error) {
      throw sqliteError(error, where, this.#url)
    }
  }

  scan(range: ByteRange, options: EngineScanOptions = {}): EngineScan {
    this.#requireOpen('sqlite engine: scan')
    const scan: SqliteScan = new SqliteScan(
      this.#table.scan(range, options),
      this.#url,
      this.#maxValueBytes,
      () => this.#scans.delete(scan),
    )
    this.#scans.add(scan)
    return scan
  }

  async verify(): Promise<readonly string[]> {
    const where = 'sqlite engine: verify'
    this.#requireOpen(where)
    try {
      return await this.#table.verify()
    } catch (error) {
      throw sqliteError(error, where, this.#url)
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const scan of this.#scans) await scan.close()
    this.#table.close()
  }

  #checked(values: (Uint8Array | undefined)[], where: string): (Uint8Array | undefined)[] {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (value !== undefined && value.length > this.#maxValueBytes)
        checkValueBytes(value, this.#maxValueBytes, where, this.#url)
    }
    return values
  }

  #requireOpen(where: string): void {
    if (!this.#isClosed) return
    throw closed(where, `the shard ${this.#url} is closed`, { details: { url: this.#url } })
  }
}

class SqliteScan implements EngineScan {
  #scan: TableScan | undefined
  readonly #url: string
  readonly #maxValueBytes: number
  readonly #onClose: () => void
  #isBusy = false

  constructor(scan: TableScan, url: string, maxValueBytes: number, onClose: () => void) {
    this.#scan = scan
    this.#url = url
    this.#maxValueBytes = maxValueBytes
    this.#onClose = onClose
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    const where = 'sqlite engine: scan'
    if (this.#isBusy) throw busy(where, 'nextChunk: wait for the previous call first')
    this.#isBusy = true
    try {
      const turn = yieldIfDue()
      if (turn !== undefined) await turn
      const chunk = await this.#scan?.nextChunk(maxEntries)
      if (chunk === undefined) return undefined
      const { buffer, count, data } = chunk
      const packed = EntryChunk.trusted(buffer, count, data.byteOffset, data.byteLength)
      if (data.byteLength > this.#maxValueBytes) this.#checkValues(packed, where)
      return packed
    } catch (error) {
      throw sqliteError(error, where, this.#url)
    } finally {
      this.#isBusy = false
    }
  }

  async close(): Promise<void> {
    this.#scan?.close()
    this.#scan = undefined
    this.#onClose()
  }

  #checkValues(chunk: EntryChunk, where: string): void {
    for (let i = 0; i < chunk.count; i++)
      checkValueBytes(chunk.value(i), this.#maxValueBytes, where, this.#url)
  }
}
