import type { VectorId } from '@shardyfusion/core'
import type {
  EngineReader,
  EngineReaderOptions,
  EngineScan,
  EngineSearchOptions,
  ShardHits,
  ShardVectorFacts,
  VectorQueries,
  VectorRows,
  VectorSample,
} from '@shardyfusion/core/extend'
import { closed, closeOnce, orAbort } from '@shardyfusion/core/internal-vector'
import { type DatasetFiles, openDatasetFiles } from './dataset-files.js'
import { diskBudget, type DiskUser } from './disk-budget.js'
import { LanceSearch } from './lance-search.js'
import type { LanceDbSettings } from './lancedb-options.js'

/** A table that can be searched, and its files. */
interface Opened {
  readonly search: LanceSearch
  readonly files: DatasetFiles
}

/**
 * Reads one shard: a LanceDB table of vectors, which has no keys.
 *
 * Its files may leave the disk while nothing uses them, and come back with the next call.
 */
export class LanceReader implements EngineReader, DiskUser {
  readonly #options: EngineReaderOptions
  readonly #settings: LanceDbSettings
  #opened: Promise<Opened> | undefined
  #users = 0
  #isClosed = false
  readonly close: () => Promise<void>

  private constructor(options: EngineReaderOptions, settings: LanceDbSettings) {
    this.#options = options
    this.#settings = settings
    this.close = closeOnce(async () => {
      this.#isClosed = true
      await this.evict()
    })
  }

  static async open(options: EngineReaderOptions, settings: LanceDbSettings): Promise<LanceReader> {
    const reader = new LanceReader({ ...options, signal: undefined }, settings)
    try {
      await reader.#use(async () => {}, options.signal)
      return reader
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  get isBusy(): boolean {
    return this.#users > 0
  }

  async evict(): Promise<void> {
    const opening = this.#opened
    this.#opened = undefined
    const opened = await opening?.catch(() => undefined)
    try {
      await opened?.search.close()
    } finally {
      await opened?.files.close()
    }
  }

  async getMany(keys: readonly Uint8Array[]): Promise<undefined[]> {
    return keys.map(() => undefined)
  }

  scan(): EngineScan {
    return { nextChunk: async () => undefined, close: async () => {} }
  }

  search(queries: VectorQueries, options: EngineSearchOptions): Promise<ShardHits> {
    return this.#use((search) => search.search(queries, options), options.signal)
  }

  vectorRows(rows: Float64Array): Promise<VectorRows> {
    return this.#use((search) => search.vectorRows(rows))
  }

  vectorsById(ids: readonly VectorId[]): Promise<(Float32Array | undefined)[]> {
    return this.#use((search) => search.vectorsById(ids))
  }

  sampleVectors(count: number): Promise<VectorSample> {
    return this.#use((search) => search.sampleVectors(count))
  }

  verify(): Promise<readonly string[]> {
    return this.#use((search) => search.verify())
  }

  vectorFacts(): Promise<ShardVectorFacts> {
    return this.#use(async (search) => search.facts())
  }

  async #use<T>(work: (search: LanceSearch) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { url } = this.#options
    if (this.#isClosed) throw closed('lancedb', `the shard ${url} is closed; open it again`)
    this.#users++
    try {
      diskBudget.touch(this)
      const { search } = await orAbort(this.#opened ?? this.#open(), signal)
      return await work(search)
    } finally {
      this.#users--
      if (this.#users === 0) diskBudget.changed()
    }
  }

  #open(): Promise<Opened> {
    const opening = this.#load()
    this.#opened = opening
    opening.catch(() => {
      // A failure is not remembered.
      if (this.#opened === opening) this.#opened = undefined
    })
    return opening
  }

  async #load(): Promise<Opened> {
    const files = await openDatasetFiles(this.#options, this.#settings, this)
    try {
      return { search: await LanceSearch.open(files, this.#options, this.#settings), files }
    } catch (error) {
      await files.close()
      throw error
    }
  }
}
