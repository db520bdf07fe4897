import type { VectorId } from '@shardyfusion/core'
import {
  type ByteRange,
  type EngineReader,
  type EngineReaderOptions,
  type EngineScan,
  type EngineScanOptions,
  type EngineSearchOptions,
  EntryChunk,
  isShardyfusionError,
  type ShardHits,
  type ShardVectorFacts,
  type VectorQueries,
  type VectorRows,
  type VectorSample,
} from '@shardyfusion/core/extend'
import {
  checkValueBytes,
  engineError,
  invalidOption,
  notFound,
} from '@shardyfusion/core/internal-vector'
import { type KeyValueTable, SqliteFile, SqliteFileError, type SqliteSource } from 'sqlite-file'
import { SqliteVecSearch } from './sqlite-vec-search.js'
import { SHARD_FILE } from './sqlite-vec-writer.js'
import { readVecTable } from './vec-schema.js'

/** An index has a page for every few of its lists, and all of these are read in one round trip. */
const MAX_REQUESTS = 256
const [LEAST_TAIL_BYTES, MOST_TAIL_BYTES] = [256 << 10, 2 << 20]

/** Facts about vectors are before the interior pages of all tables, which grow with the file. */
function tailBytes(fileBytes: number): number {
  return Math.min(MOST_TAIL_BYTES, Math.max(LEAST_TAIL_BYTES, Math.floor(fileBytes / 128)))
}

/** Reads one shard by range: keys from the table `kv`, vectors from the tables of sqlite-vec. */
export class SqliteVecReader implements EngineReader {
  readonly #url: string
  readonly #file: SqliteFile
  readonly #kv: KeyValueTable
  readonly #maxValueBytes: number
  #vectors: Promise<SqliteVecSearch> | undefined

  private constructor(url: string, file: SqliteFile, maxValueBytes: number) {
    this.#url = url
    this.#file = file
    this.#kv = file.keyValue('kv')
    this.#maxValueBytes = maxValueBytes
  }

  static async open(options: EngineReaderOptions): Promise<SqliteVecReader> {
    const { url, signal, maxValueBytes = Infinity } = options
    const source = await openSource(options)
    return translated(url, async () => {
      const file = await SqliteFile.open(source, {
        signal,
        maxRequests: MAX_REQUESTS,
        tailBytes: tailBytes(source.size),
      })
      try {
        return new SqliteVecReader(url, file, maxValueBytes)
      } catch (error) {
        file.close()
        throw error
      }
    })
  }

  peek(key: Uint8Array): Uint8Array | undefined | null {
    const value = this.#kv.peek(key)
    // `getMany` reports it.
    return value !== null && value !== undefined && value.length > this.#maxValueBytes
      ? null
      : value
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const values = await translated(this.#url, () => this.#kv.getMany(keys))
    for (const value of values) checkValueBytes(value, this.#maxValueBytes, 'sqliteVec', this.#url)
    return values
  }

  scan(range: ByteRange, { reverse, readAheadBytes }: EngineScanOptions = {}): EngineScan {
    const scan = this.#kv.scan(range, { reverse, readAheadBytes })
    return {
      nextChunk: async (maxEntries) => {
        const chunk = await translated(this.#url, async () => scan.nextChunk(maxEntries))
        if (chunk === undefined) return undefined
        for (let i = 0; i < chunk.count && this.#maxValueBytes < chunk.data.length; i++)
          checkValueBytes(chunk.value(i), this.#maxValueBytes, 'sqliteVec', this.#url)
        return EntryChunk.fromBuffer(chunk.buffer)
      },
      close: async () => scan.close(),
    }
  }

  async search(queries: VectorQueries, options: EngineSearchOptions): Promise<ShardHits> {
    return translated(this.#url, async () => (await this.#open()).search(queries, options))
  }

  async vectorRows(rows: Float64Array): Promise<VectorRows> {
    return translated(this.#url, async () => (await this.#open()).vectorRows(rows))
  }

  async vectorsById(ids: readonly VectorId[]): Promise<(Float32Array | undefined)[]> {
    return translated(this.#url, async () => (await this.#open()).vectorsById(ids))
  }

  async sampleVectors(count: number): Promise<VectorSample> {
    if (readVecTable(this.#file.schema, this.#url) === undefined) return { ids: [], vectors: [] }
    return translated(this.#url, async () => (await this.#open()).sampleVectors(count))
  }

  async verify(): Promise<readonly string[]> {
    return translated(this.#url, async () => {
      const { problems } = await this.#file.verify()
      if (problems.length > 0 || readVecTable(this.#file.schema, this.#url) === undefined)
        return problems
      return (await this.#open()).verify()
    })
  }

  async vectorFacts(): Promise<ShardVectorFacts | undefined> {
    if (readVecTable(this.#file.schema, this.#url) === undefined) return undefined
    return translated(this.#url, async () => (await this.#open()).facts())
  }

  async close(): Promise<void> {
    const vectors = await this.#vectors?.catch(() => undefined)
    vectors?.close()
    this.#file.close()
  }

  /** Reads where the vectors are, once; a failure is not remembered. */
  #open(): Promise<SqliteVecSearch> {
    if (this.#vectors !== undefined) return this.#vectors
    const table = readVecTable(this.#file.schema, this.#url)
    if (table === undefined) {
      throw invalidOption(
        'search',
        `the shard ${this.#url} has no vectors; build the snapshot with the option vector`,
        { details: { url: this.#url } },
      )
    }
    const opening = SqliteVecSearch.open(this.#file, this.#url, table, undefined)
    this.#vectors = opening
    opening.catch(() => {
      this.#vectors = undefined
    })
    return opening
  }
}

async function openSource(options: EngineReaderOptions): Promise<SqliteSource> {
  const { url, objects, signal, seal } = options
  const at = `${url}/${SHARD_FILE}`
  const missing = (): Error =>
    notFound('sqliteVec', `the shard ${url} does not exist: it has no ${SHARD_FILE}`)
  const size = seal?.objects[SHARD_FILE]?.bytes ?? (await objects!.head(at, { signal }))?.bytes
  if (size === undefined) throw missing()
  return {
    size,
    async read(offset, length) {
      const bytes = await objects!.get(at, { range: { start: offset, end: offset + length } })
      if (bytes === undefined) throw missing()
      return bytes
    },
  }
}

/** Passes errors of this SDK on and translates those of the file format. */
async function translated<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isShardyfusionError(error) || !(error instanceof SqliteFileError)) throw error
    const isData = error.code !== 'CLOSED' && error.code !== 'READ_FAILED'
    throw engineError('sqliteVec', `${url}/${SHARD_FILE}: ${error.message}`, {
      cause: error,
      details: { url, ...(isData && { kind: 'Data' }) },
    })
  }
}
