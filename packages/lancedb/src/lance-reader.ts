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
import { closeOnce } from '@shardyfusion/core/internal-vector'
import { openDatasetFiles } from './dataset-files.js'
import { LanceSearch } from './lance-search.js'
import type { LanceDbSettings } from './lancedb-options.js'

/** Reads one shard: a LanceDB table of vectors, which has no keys. */
export class LanceReader implements EngineReader {
  readonly #search: LanceSearch
  readonly close: () => Promise<void>

  private constructor(search: LanceSearch, closeFiles: () => Promise<void>) {
    this.#search = search
    this.close = closeOnce(async () => {
      await search.close()
      await closeFiles()
    })
  }

  static async open(options: EngineReaderOptions, settings: LanceDbSettings): Promise<LanceReader> {
    const files = await openDatasetFiles(options, settings.temporaryFolder)
    try {
      const search = await LanceSearch.open(files, options, settings)
      return new LanceReader(search, () => files.close())
    } catch (error) {
      await files.close()
      throw error
    }
  }

  async getMany(keys: readonly Uint8Array[]): Promise<undefined[]> {
    return keys.map(() => undefined)
  }

  scan(): EngineScan {
    return { nextChunk: async () => undefined, close: async () => {} }
  }

  search(queries: VectorQueries, options: EngineSearchOptions): Promise<ShardHits> {
    return this.#search.search(queries, options)
  }

  vectorRows(rows: Float64Array): Promise<VectorRows> {
    return this.#search.vectorRows(rows)
  }

  vectorsById(ids: readonly VectorId[]): Promise<(Float32Array | undefined)[]> {
    return this.#search.vectorsById(ids)
  }

  sampleVectors(count: number): Promise<VectorSample> {
    return this.#search.sampleVectors(count)
  }

  verify(): Promise<readonly string[]> {
    return this.#search.verify()
  }

  async vectorFacts(): Promise<ShardVectorFacts> {
    return this.#search.facts()
  }
}
