import type { Connection, Index, Table } from '@lancedb/lancedb'
import type {
  EngineWriter,
  EngineWriterOptions,
  EntryChunk,
  ObjectStore,
  ShardSeal,
  VectorChunk,
  VectorSettings,
} from '@shardyfusion/core/extend'
import { closeOnce } from '@shardyfusion/core/internal-vector'
import { arrowTable, tableSchema } from './arrow-table.js'
import { DATASET, diskError, TABLE, translated } from './dataset-error.js'
import { LANCE_METRICS, ROWS_PER_PARTITION } from './index-facts.js'
import type { LanceDbSettings } from './lancedb-options.js'
import { type Library, loadLibrary } from './library.js'
import { openTemporaryFolder, type TemporaryFolder } from './temporary-folder.js'
import { uploadFolder } from './upload-folder.js'
import { withoutKeys } from './without-keys.js'

/** Bytes of vectors that become one file of the table. */
const DEFAULT_FILE_BYTES = 32 << 20
const LEAST_FILE_BYTES = 1 << 20
const MAX_PARTITIONS = 4096

/**
 * Writes one shard: a LanceDB table in a temporary folder, which is uploaded when it is sealed.
 *
 * Memory: the vectors of one file, and twice that while LanceDB writes it.
 */
export class LanceWriter implements EngineWriter {
  readonly #url: string
  readonly #objects: ObjectStore
  readonly #signal: AbortSignal | undefined
  readonly #vectors: VectorSettings
  readonly #settings: LanceDbSettings
  readonly #fileBytes: number
  readonly #folder: TemporaryFolder
  readonly #library: Library
  readonly #connection: Connection
  #table: Table | undefined
  #chunks: VectorChunk[] = []
  #pending = 0
  #rows = 0
  #bytes = 0
  /** The last call, which `close` waits for. */
  #running: Promise<unknown> = Promise.resolve()
  readonly close: () => Promise<void>

  private constructor(
    { url, objects, signal, memoryBytes = DEFAULT_FILE_BYTES * 3 }: EngineWriterOptions,
    vectors: VectorSettings,
    settings: LanceDbSettings,
    opened: { folder: TemporaryFolder; library: Library; connection: Connection },
  ) {
    this.#url = url
    this.#objects = objects!
    this.#signal = signal
    this.#vectors = vectors
    this.#settings = settings
    this.#fileBytes = Math.max(LEAST_FILE_BYTES, Math.min(DEFAULT_FILE_BYTES, memoryBytes / 3))
    this.#folder = opened.folder
    this.#library = opened.library
    this.#connection = opened.connection
    this.close = closeOnce(async () => {
      await this.#running.catch(() => {})
      this.#chunks = []
      this.#table?.close()
      this.#connection.close()
      await this.#folder.remove()
    })
  }

  static async open(
    options: EngineWriterOptions,
    vectors: VectorSettings,
    settings: LanceDbSettings,
  ): Promise<LanceWriter> {
    const library = await loadLibrary()
    const folder = await openTemporaryFolder(settings.temporaryFolder)
    try {
      const connection = await library.lance.connect(folder.path, {}, library.session)
      return new LanceWriter(options, vectors, settings, { folder, library, connection })
    } catch (error) {
      await folder.remove()
      throw error
    }
  }

  async write(chunk: EntryChunk): Promise<void> {
    if (chunk.count > 0) throw withoutKeys()
  }

  async writeVectors(chunk: VectorChunk): Promise<void> {
    this.#chunks.push(chunk)
    this.#pending += chunk.byteLength
    if (this.#pending >= this.#fileBytes) await this.#run(() => this.#addPending())
  }

  /** Nothing is stored before the seal. */
  async flush(): Promise<void> {}

  async seal(): Promise<ShardSeal> {
    return this.#run(async () => {
      const table = await this.#addPending()
      const index = this.#index()
      if (index !== undefined) await table.createIndex('vector', { config: index })
      this.#signal?.throwIfAborted()
      const at = `${this.#url}/${DATASET}`
      const sealed = await uploadFolder(this.#folder.path, DATASET, this.#objects, at, this.#signal)
      for (const { bytes } of sealed.values()) this.#bytes += bytes
      const objects = Array.from(sealed, ([name, object]) => [`${DATASET}/${name}`, object])
      return { objects: Object.fromEntries(objects) as ShardSeal['objects'] }
    })
  }

  bytes(): Promise<number> {
    return Promise.resolve(this.#bytes)
  }

  /** Adds what waits to the table, which is made for the first rows; a shard without vectors has an empty one. */
  async #addPending(): Promise<Table> {
    this.#signal?.throwIfAborted()
    const { arrow } = this.#library
    const schema = tableSchema(arrow, this.#vectors)
    const chunks = this.#chunks
    this.#chunks = []
    this.#pending = 0
    const { storageVersion } = this.#settings
    const storageOptions =
      storageVersion === undefined ? undefined : { new_table_data_storage_version: storageVersion }
    this.#table ??= await this.#connection.createEmptyTable(TABLE, schema, {
      ...(storageOptions && { storageOptions }),
    })
    if (chunks.length > 0) await this.#table.add(arrowTable(arrow, schema, chunks))
    for (const { count } of chunks) this.#rows += count
    return this.#table
  }

  #index(): Index | undefined {
    const { Index } = this.#library.lance
    const { index } = this.#settings
    if (index === 'none' || this.#rows === 0) return undefined
    const distanceType = LANCE_METRICS[this.#vectors.metric]
    const wanted = Math.ceil(this.#rows / ROWS_PER_PARTITION)
    const numPartitions = Math.min(MAX_PARTITIONS, wanted)
    return index === 'flat'
      ? Index.ivfFlat({ distanceType, numPartitions })
      : Index.hnswSq({ distanceType, numPartitions })
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    const url = this.#url
    const running = translated(
      url,
      async () => {
        try {
          return await work()
        } catch (error) {
          throw diskError(url, error, this.#folder.path) ?? error
        }
      },
      'written',
    )
    this.#running = running
    return running
  }
}
