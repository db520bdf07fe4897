import type {
  EngineWriter,
  EngineWriterOptions,
  EntryChunk,
  ShardSeal,
  VectorChunk,
  VectorSettings,
} from '@shardyfusion/core/extend'
import {
  closeOnce,
  EntrySorter,
  uniqueKeys,
  UploadSink,
  yieldIfDue,
} from '@shardyfusion/core/internal-vector'
import { SqliteFileWriter, type TableWriter } from 'sqlite-file'
import {
  BLOCK_ROWS,
  CHUNKS_TABLE,
  CREATED_BY,
  FACTS_TABLE,
  IDS_TABLE,
  INFO_TABLE,
  KV_TABLE,
  PAYLOADS_TABLE,
  ROWIDS_TABLE,
  SEQUENCE_TABLE,
  VECTORS_TABLE,
  virtualTable,
} from './vec-schema.js'
import { idText } from './vector-ids.js'
import type { IndexBuilder } from './index-builder.js'

export const SHARD_FILE = 'shard.db'
const SORTED_CHUNK_BYTES = 1 << 20

export interface SqliteVecWriterOptions {
  readonly pageSize: number
  /** Makes the index of a shard with vectors. */
  readonly index: (settings: VectorSettings) => IndexBuilder
}

/**
 * Writes one shard: keys and vectors in one SQLite file, as sqlite-vec and the Python project read it.
 *
 * Vectors go to storage as they come, a block at a time; rows are sorted, in temporary space beyond `memoryBytes`, and
 * follow when the shard is sealed.
 */
export class SqliteVecWriter implements EngineWriter {
  readonly #sink: UploadSink
  readonly #file: SqliteFileWriter
  readonly #kv: TableWriter
  readonly #vectors: VectorTables | undefined
  readonly #sorter: EntrySorter
  #bytes = 0
  readonly close: () => Promise<void>

  constructor(o: EngineWriterOptions, { pageSize, index }: SqliteVecWriterOptions) {
    const { url, objects, vectors } = o
    this.#sink = new UploadSink(objects!, `${url}/${SHARD_FILE}`)
    this.#file = new SqliteFileWriter(this.#sink, { pageSize })
    this.#kv = this.#file.createTable(KV_TABLE)
    this.#sorter = new EntrySorter(o)
    this.#vectors =
      vectors === undefined ? undefined : new VectorTables(this.#file, vectors, index(vectors))
    this.close = closeOnce(async () => {
      this.#vectors?.release()
      await this.#sorter.close()
      // Does nothing after the upload is complete.
      await this.#sink.abort()
    })
  }

  write(chunk: EntryChunk): Promise<void> {
    return this.#sorter.add(chunk)
  }

  async writeVectors(chunk: VectorChunk): Promise<void> {
    const tables = this.#vectors!
    for (let i = 0; i < chunk.count; i++) tables.add(chunk, i)
    await this.#kv.ready()
  }

  /** Nothing is stored before the seal. */
  async flush(): Promise<void> {}

  async seal(): Promise<ShardSeal> {
    for await (const chunk of uniqueKeys(this.#sorter.sorted(SORTED_CHUNK_BYTES))) {
      await this.#kv.putChunk(chunk)
      await yieldIfDue()
    }
    await this.#vectors?.finish(this.#file)
    const { bytes } = await this.#file.finish()
    await this.#sink.complete()
    this.#bytes = bytes
    return { objects: { [SHARD_FILE]: { bytes } }, keys: this.#kv.rows }
  }

  bytes(): Promise<number> {
    return Promise.resolve(this.#bytes)
  }
}

/** The tables of the vectors of one shard. */
class VectorTables {
  readonly #dimensions: number
  readonly #index: IndexBuilder
  readonly #chunksTable: TableWriter
  readonly #sequence: TableWriter
  readonly #rowids: TableWriter
  readonly #blocks: TableWriter
  readonly #payloads: TableWriter
  readonly #ids: TableWriter
  #block: Float32Array<ArrayBuffer>
  #count = 0
  #payloadCount = 0
  #blockCount = 0

  constructor(file: SqliteFileWriter, { dimensions, metric }: VectorSettings, index: IndexBuilder) {
    this.#dimensions = dimensions
    this.#index = index
    this.#block = new Float32Array(BLOCK_ROWS * dimensions)
    file.addVirtualTable(virtualTable(dimensions, metric))
    const info = file.createTable(INFO_TABLE)
    for (const pair of CREATED_BY) info.add(pair)
    this.#chunksTable = file.createTable(CHUNKS_TABLE)
    this.#sequence = file.createTable(SEQUENCE_TABLE)
    this.#rowids = file.createTable(ROWIDS_TABLE)
    this.#blocks = file.createTable(VECTORS_TABLE)
    this.#payloads = file.createTable(PAYLOADS_TABLE)
    this.#ids = file.createTable(IDS_TABLE)
  }

  add(chunk: VectorChunk, i: number): void {
    const row = this.#count++
    const at = row % BLOCK_ROWS
    this.#block.set(chunk.vector(i), at * this.#dimensions)
    this.#rowids.add([row, null, Math.floor(row / BLOCK_ROWS) + 1, at])
    this.#ids.add([row, idText(chunk.id(i))])
    const payload = chunk.payload(i)
    if (payload !== undefined) {
      this.#payloads.add([row, decoder.decode(payload)])
      this.#payloadCount++
    }
    if (at === BLOCK_ROWS - 1) this.#endBlock(BLOCK_ROWS)
  }

  async finish(file: SqliteFileWriter): Promise<void> {
    const rest = this.#count % BLOCK_ROWS
    if (rest > 0) this.#endBlock(rest)
    if (this.#count > 0) {
      this.#sequence.add(['vec_index_chunks', this.#blockCount])
      this.#sequence.add(['vec_index_rowids', this.#count - 1])
    }
    const facts = await this.#index.finish(file)
    // Last, so that it is near the end of the file, which readers fetch first.
    const table = file.createTable(FACTS_TABLE)
    table.add(['vectors', this.#count])
    table.add(['block_rows', BLOCK_ROWS])
    table.add(['payloads', this.#payloadCount])
    for (const fact of facts) table.add(fact)
  }

  release(): void {
    this.#index.release()
  }

  #endBlock(rows: number): void {
    const validity = new Uint8Array(BLOCK_ROWS / 8)
    const rowids = new BigInt64Array(BLOCK_ROWS)
    const first = this.#blockCount * BLOCK_ROWS
    for (let i = 0; i < rows; i++) {
      validity[i >> 3]! |= 1 << (i & 7)
      rowids[i] = BigInt(first + i)
    }
    this.#block.fill(0, rows * this.#dimensions)
    const id = ++this.#blockCount
    this.#chunksTable.add([id, BLOCK_ROWS, validity, new Uint8Array(rowids.buffer)])
    this.#blocks.add([id, new Uint8Array(this.#block.buffer)])
    this.#index.add(this.#block, rows)
    // The file may hold on to the bytes until they are written.
    this.#block = new Float32Array(BLOCK_ROWS * this.#dimensions)
  }
}

const decoder = new TextDecoder()
