import { PageSizeChooser, SqliteFileWriter, type TableWriter } from 'sqlite-file'
import { closeOnce, runAll } from '../async/close-once.js'
import { yieldIfDue } from '../async/yield-if-due.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { EngineWriter, EngineWriterOptions } from '../engine/engine.js'
import type { ShardSeal } from '../engine/shard-seal.js'
import { EntrySorter } from '../sorting/entry-sorter.js'
import { LastOfEqualKeys } from '../sorting/last-of-equal-keys.js'
import { SortMemory } from '../sorting/sort-memory.js'
import type { ObjectStore } from '../store/object-store.js'
import { CREATE_TABLE, requireObjects, SHARD_FILE, shardFileUrl } from './shard-file.js'
import type { SqlitePageSize, SqliteSettings } from './sqlite-options.js'
import { sqliteError } from './sqlite-error.js'
import { UploadSink } from './upload-sink.js'

const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024
/** Bytes of sorted rows that are handed to the file at a time. */
const CHUNK_BYTES = 1024 * 1024

/** Rows of all shards that are being written in this thread; each brings its share of memory. */
const memory = new SortMemory(0)

/** Opens a shard for writing. Rows are sorted, and the file is written when the shard is sealed. */
export async function openSqliteWriter(
  { url, objects, memoryBytes = DEFAULT_MEMORY_BYTES, sortedRows, signal }: EngineWriterOptions,
  { pageSize }: SqliteSettings,
): Promise<EngineWriter> {
  signal?.throwIfAborted()
  const store = requireObjects(objects, url, 'sqlite engine: openWriter')
  // The size of a page must be known before the first row is written.
  return sortedRows === true && pageSize !== 'auto'
    ? new StreamingWriter(url, new ShardFile(store, url, pageSize))
    : new SortingWriter(url, store, pageSize, memoryBytes)
}

/** A shard file that is being written from rows in order; of equal keys the last counts. */
class ShardFile {
  readonly #sink: UploadSink
  readonly #file: SqliteFileWriter
  readonly #table: TableWriter
  readonly #last: LastOfEqualKeys
  #bytes = 0

  constructor(objects: ObjectStore, url: string, pageSize: number) {
    this.#sink = new UploadSink(objects, shardFileUrl(url))
    this.#file = new SqliteFileWriter(this.#sink, { pageSize })
    this.#table = this.#file.createTable(CREATE_TABLE)
    this.#last = new LastOfEqualKeys((chunk) => this.#table.putChunk(chunk))
  }

  get bytes(): number {
    return this.#bytes
  }

  async write(chunk: EntryChunk): Promise<void> {
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
    await this.#last.write(chunk)
  }

  async finish(): Promise<ShardSeal> {
    await this.#last.finish()
    const { bytes } = await this.#file.finish()
    await this.#sink.complete()
    this.#bytes = bytes
    return { objects: { [SHARD_FILE]: { bytes } }, keys: this.#table.rows }
  }

  abort(): Promise<void> {
    return this.#sink.abort()
  }
}

/** Writes rows that come in order, without holding them. */
class StreamingWriter implements EngineWriter {
  readonly #url: string
  readonly #file: ShardFile
  readonly close: () => Promise<void>

  constructor(url: string, file: ShardFile) {
    this.#url = url
    this.#file = file
    this.close = closeOnce(() => file.abort())
  }

  async write(chunk: EntryChunk): Promise<void> {
    await converted('write', this.#url, () => this.#file.write(chunk))
  }

  /** Nothing to do: rows are stored when the shard is sealed. */
  async flush(): Promise<void> {}

  seal(): Promise<ShardSeal> {
    return converted('seal', this.#url, () => this.#file.finish())
  }

  async bytes(): Promise<number> {
    return this.#file.bytes
  }
}

/** Sorts rows that come in any order, in memory and on disk, and writes them at the end. */
class SortingWriter implements EngineWriter {
  readonly #url: string
  readonly #objects: ObjectStore
  readonly #pageSize: SqlitePageSize
  readonly #sorter: EntrySorter
  readonly #chooser: PageSizeChooser | undefined
  #file: ShardFile | undefined
  readonly close: () => Promise<void>

  constructor(url: string, objects: ObjectStore, pageSize: SqlitePageSize, memoryBytes: number) {
    this.#url = url
    this.#objects = objects
    this.#pageSize = pageSize
    this.#sorter = new EntrySorter(memory, { memoryBytes })
    if (pageSize === 'auto') this.#chooser = new PageSizeChooser()
    this.close = closeOnce(() =>
      runAll([() => this.#sorter.close(), async () => this.#file?.abort()], 'close'),
    )
  }

  async write(chunk: EntryChunk): Promise<void> {
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
    this.#count(chunk)
    await this.#sorter.add(chunk)
  }

  /** Nothing to do: rows are stored when the shard is sealed. */
  async flush(): Promise<void> {}

  seal(): Promise<ShardSeal> {
    return converted('seal', this.#url, async () => {
      const pageSize = this.#pageSize === 'auto' ? this.#chooser!.pageSize : this.#pageSize
      const file = new ShardFile(this.#objects, this.#url, pageSize)
      this.#file = file
      for await (const chunk of this.#sorter.sorted(CHUNK_BYTES)) await file.write(chunk)
      return file.finish()
    })
  }

  async bytes(): Promise<number> {
    return this.#file?.bytes ?? 0
  }

  #count({ ends, count }: EntryChunk): void {
    if (this.#chooser === undefined) return
    let start = 0
    for (let i = 0; i < count; i++) {
      const keyEnd = ends[2 * i]!
      const end = ends[2 * i + 1]!
      this.#chooser.add(keyEnd - start, end - keyEnd)
      start = end
    }
  }
}

async function converted<T>(what: string, url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw sqliteError(error, `sqlite engine: ${what}`, url)
  }
}
