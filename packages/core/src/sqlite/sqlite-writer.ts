import { PageSizeChooser, SqliteFileWriter } from 'sqlite-file'
import { closeOnce, runAll } from '../async/close-once.js'
import { yieldIfDue } from '../async/yield-if-due.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { EngineWriter, EngineWriterOptions } from '../engine/engine.js'
import type { ShardSeal } from '../engine/shard-seal.js'
import { closed } from '../errors/error-factories.js'
import type { ObjectStore } from '../store/object-store.js'
import { EntrySorter } from './entry-sorter.js'
import { CREATE_TABLE, requireObjects, SHARD_FILE, shardFileUrl } from './shard-file.js'
import type { SqlitePageSize, SqliteSettings } from './sqlite-options.js'
import { sqliteError } from './sqlite-error.js'
import { uniqueKeys } from './unique-keys.js'
import { UploadSink } from './upload-sink.js'

/** Bytes of sorted rows that are passed to the file at a time. */
const CHUNK_BYTES = 1024 * 1024

/** Bytes of a page for rows that fit into none without overflow pages. */
const DEFAULT_PAGE_SIZE = 4096

/** Opens a shard for writing. Rows are sorted, and the file is written when the shard is sealed. */
export async function openSqliteWriter(
  o: EngineWriterOptions,
  { pageSize }: SqliteSettings,
): Promise<EngineWriter> {
  const { url, signal } = o
  signal?.throwIfAborted()
  const objects = requireObjects(o.objects, url, 'sqlite engine: openWriter')
  return new SqliteWriter(url, objects, pageSize, new EntrySorter(o))
}

/** Sorts rows that come in any order; of equal keys the last one counts. */
class SqliteWriter implements EngineWriter {
  readonly #url: string
  readonly #sink: UploadSink
  readonly #pageSize: SqlitePageSize | undefined
  readonly #sorter: EntrySorter
  readonly #chooser: PageSizeChooser | undefined
  #bytes = 0
  #isClosed = false
  readonly close: () => Promise<void>

  constructor(
    url: string,
    objects: ObjectStore,
    pageSize: SqlitePageSize | undefined,
    sorter: EntrySorter,
  ) {
    this.#url = url
    this.#sink = new UploadSink(objects, shardFileUrl(url))
    this.#pageSize = pageSize
    this.#sorter = sorter
    if (typeof pageSize !== 'number') this.#chooser = new PageSizeChooser()
    this.close = closeOnce(async () => {
      this.#isClosed = true
      await runAll([() => sorter.close(), () => this.#sink.abort()], 'sqlite engine: close')
    })
  }

  async write(chunk: EntryChunk): Promise<void> {
    this.#requireOpen('write')
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
    this.#count(chunk)
    await this.#sorter.add(chunk)
  }

  /** Nothing to do: rows are stored when the shard is sealed. */
  async flush(): Promise<void> {}

  async seal(): Promise<ShardSeal> {
    this.#requireOpen('seal')
    try {
      const file = new SqliteFileWriter(this.#sink, { pageSize: this.#choosePageSize() })
      const table = file.createTable(CREATE_TABLE)
      for await (const chunk of uniqueKeys(this.#sorter.sorted(CHUNK_BYTES))) {
        await table.putChunk(chunk)
        this.#requireOpen('seal')
        await yieldIfDue()
      }
      const { bytes } = await file.finish()
      await this.#sink.complete()
      this.#bytes = bytes
      return { objects: { [SHARD_FILE]: { bytes } }, keys: table.rows }
    } catch (error) {
      throw sqliteError(error, 'sqlite engine: seal', this.#url)
    }
  }

  async bytes(): Promise<number> {
    return this.#bytes
  }

  #choosePageSize(): number {
    if (typeof this.#pageSize === 'number') return this.#pageSize
    const chooser = this.#chooser!
    return this.#pageSize === 'auto' || chooser.isInline ? chooser.pageSize : DEFAULT_PAGE_SIZE
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

  #requireOpen(method: string): void {
    if (!this.#isClosed) return
    throw closed(`sqlite engine: ${method}`, `the shard ${this.#url} is closed`)
  }
}
