import type { VectorId } from '@shardyfusion/core'
import type {
  EngineReaderOptions,
  EngineSearchOptions,
  ShardHits,
  ShardVectorFacts,
  VectorMetric,
  VectorQueries,
  VectorRows,
  VectorSample,
} from '@shardyfusion/core/extend'
import {
  closed,
  invalidValue,
  parsePayload,
  throwIfAborted,
  yieldIfDue,
} from '@shardyfusion/core/internal-vector'
import {
  type BestRows,
  exactSearch,
  filteredSearch,
  type Kernel,
  loadKernel,
  ShardVectors,
} from '@shardyfusion/vector/internal'
import type { Connection, Table } from '@lancedb/lancedb'
import { damagedDataset, TABLE, translated } from './dataset-error.js'
import type { DatasetFiles } from './dataset-files.js'
import { fromKernel, toKernel } from './distances.js'
import { type GoodIndex, goodIndex } from './index-facts.js'
import { searchIndex } from './index-search.js'
import type { LanceDbSettings } from './lancedb-options.js'
import { loadLibrary } from './library.js'
import { readRows, readSample, readVectorsById } from './table-rows.js'
import { tableDimensions } from './table-schema.js'
import { VectorScan } from './vector-scan.js'
import { verifyTable } from './verify-table.js'

/** Rows of which a filter sees ids and payloads at a time. */
const CHECKED_ROWS = 4096

interface Opened {
  readonly url: string
  readonly connection: Connection
  readonly table: Table
  readonly files: DatasetFiles
  readonly kernel: Kernel
  readonly dimensions: number
  readonly metric: VectorMetric
  readonly count: number
  readonly index: GoodIndex | undefined
  readonly settings: LanceDbSettings
}

/** Searches one table: exactly, by the kernel over all its vectors, or by an index of LanceDB. */
export class LanceSearch {
  readonly #o: Opened
  readonly #scan: VectorScan
  readonly #vectors: ShardVectors
  readonly #running = new Set<Promise<unknown>>()
  #isClosed = false

  private constructor(opened: Opened) {
    this.#o = opened
    const { table, url, dimensions, count, kernel } = opened
    this.#scan = new VectorScan(table, url, dimensions, count)
    this.#vectors = new ShardVectors(kernel, this.#scan)
  }

  static async open(
    files: DatasetFiles,
    { url, vectors }: EngineReaderOptions,
    settings: LanceDbSettings,
  ): Promise<LanceSearch> {
    const [{ lance, session }, kernel] = await Promise.all([loadLibrary(), loadKernel()])
    return translated(url, async () => {
      const connection = await lance.connect(files.folder, {}, session)
      try {
        const table = await connection.openTable(TABLE)
        const dimensions = tableDimensions(await table.schema(), url)
        if (vectors !== undefined && vectors.dimensions !== dimensions) {
          throw damagedDataset(
            url,
            `its vectors must have ${vectors.dimensions} values, as the manifest says, got ${dimensions}`,
          )
        }
        const count = await table.countRows()
        const metric = vectors?.metric ?? 'cosine'
        const index =
          count > settings.exactUpTo
            ? goodIndex(await table.listIndices(), metric, count)
            : undefined
        const facts = { url, connection, table, files, kernel, dimensions, metric, count, index }
        return new LanceSearch({ ...facts, settings })
      } catch (error) {
        connection.close()
        throw error
      }
    })
  }

  search(queries: VectorQueries, options: EngineSearchOptions): Promise<ShardHits> {
    return this.#run(() => this.#search(queries, options))
  }

  vectorRows(rows: Float64Array): Promise<VectorRows> {
    return this.#run(() => this.#rows(rows))
  }

  vectorsById(ids: readonly VectorId[]): Promise<(Float32Array | undefined)[]> {
    const { table, url } = this.#o
    return this.#run(() => translated(url, () => readVectorsById(table, ids)))
  }

  sampleVectors(wanted: number): Promise<VectorSample> {
    const { table, url, count } = this.#o
    return this.#run(() => translated(url, () => readSample(table, wanted, count)))
  }

  verify(): Promise<string[]> {
    const { table, url } = this.#o
    return this.#run(() => translated(url, () => verifyTable(table, this.#o)))
  }

  facts(): ShardVectorFacts {
    const { count, dimensions, metric, index } = this.#o
    return { count, dimensions, metric, index: index?.type ?? 'exact' }
  }

  /** Waits for calls that are running, then releases everything. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#running)
    this.#vectors.close()
    this.#o.table.close()
    this.#o.connection.close()
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const { url } = this.#o
    if (this.#isClosed) throw closed('lancedb', `the shard ${url} is closed; open it again`)
    const running = work()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  async #search(queries: VectorQueries, o: EngineSearchOptions): Promise<ShardHits> {
    const { dimensions, metric, count, url, kernel } = this.#o
    if (queries.dimensions !== dimensions) {
      throw invalidValue(
        'search',
        `a query must have ${dimensions} values, as the vectors of ${url} have, got ${queries.dimensions}`,
      )
    }
    const topK = Math.min(o.topK, count)
    if (topK === 0)
      return this.#hits(
        Array.from({ length: queries.count }, () => NONE),
        Infinity,
      )
    const byIndex = await this.#byIndex(queries, topK, o)
    if (byIndex !== undefined) return byIndex
    const nearest = (capacity: number, allowed?: Uint8Array): Promise<BestRows[]> =>
      exactSearch(kernel, this.#vectors, queries, { metric, capacity, allowed, signal: o.signal })
    const maxDistance = toKernel(metric, o.maxDistance ?? Infinity)
    const { filter } = o
    if (filter === undefined) return this.#hits(await nearest(topK), maxDistance)
    // A filter is asked about rows before the first search may have read them.
    if (!this.#scan.isRead)
      await this.#vectors.use(() => this.#vectors.each(o.signal, async () => {}))
    const found = await filteredSearch({
      count,
      topK,
      queries: queries.count,
      maxDistance,
      search: nearest,
      check: (places) => this.#check(places, filter, o.signal),
    })
    return this.#hits(found, maxDistance)
  }

  /** An index says nothing about its recall, so it answers only searches that ask for none. */
  async #byIndex(
    queries: VectorQueries,
    topK: number,
    { exact, recall, filter, maxDistance = Infinity, signal }: EngineSearchOptions,
  ): Promise<ShardHits | undefined> {
    const { index, table, url, files, metric, settings } = this.#o
    if (index === undefined || exact === true || recall !== undefined || filter !== undefined)
      return undefined
    await files.loadIndex(index.uuid)
    throwIfAborted(signal)
    const { nprobes = index.nprobes } = settings
    return translated(url, () =>
      searchIndex(table, queries, { index, metric, topK, nprobes, maxDistance }),
    )
  }

  #rows(rows: Float64Array): Promise<VectorRows> {
    const { table, url } = this.#o
    return translated(url, () => readRows(table, rows, url))
  }

  #hits(found: readonly BestRows[], maxDistance: number): ShardHits {
    const { metric } = this.#o
    const counts = Uint32Array.from(found, ({ distances }) => {
      const end = distances.findIndex((distance) => distance > maxDistance)
      return end < 0 ? distances.length : end
    })
    const total = counts.reduce((sum, each) => sum + each, 0)
    const scores = new Float64Array(total)
    const rows = new Float64Array(total)
    let at = 0
    for (const [q, best] of found.entries()) {
      for (let i = 0; i < counts[q]!; i++, at++) {
        scores[at] = fromKernel(metric, best.distances[i]!)
        rows[at] = this.#scan.idAt(best.rows[i]!)
      }
    }
    return { counts, scores, rows }
  }

  async #check(
    places: Uint32Array,
    filter: NonNullable<EngineSearchOptions['filter']>,
    signal: AbortSignal | undefined,
  ): Promise<boolean[]> {
    const holds: boolean[] = []
    for (let start = 0; start < places.length; start += CHECKED_ROWS) {
      const part = places.subarray(start, start + CHECKED_ROWS)
      const rows = Float64Array.from(part, (place) => this.#scan.idAt(place))
      const { ids, payloads } = await this.#rows(rows)
      for (const [i, id] of ids.entries()) {
        const text = payloads[i]
        holds.push(filter({ id, payload: text === undefined ? undefined : parsePayload(text) }))
        const turn = yieldIfDue()
        if (turn !== undefined) await turn
      }
      signal?.throwIfAborted()
    }
    return holds
  }
}

const NONE: BestRows = { distances: new Float64Array(0), rows: new Uint32Array(0) }
