// Long because one search reads its candidates, ranks them and finds their rows, all on one open shard.

import type { VectorId } from '@shardyfusion/core'
import type {
  EngineSearchOptions,
  ShardHits,
  ShardVectorFacts,
  VectorQueries,
  VectorRows,
  VectorSample,
} from '@shardyfusion/core/extend'
import { invalidValue, isBytes, parsePayload, yieldIfDue } from '@shardyfusion/core/internal-vector'
import type { SqliteFile } from 'sqlite-file'
import type { BestRows } from '../kernel/batch.js'
import type { Kernel } from '../kernel/kernel.js'
import { loadKernel } from '../kernel/load-kernel.js'
import { exactSearch } from '../search/exact-search.js'
import { filteredSearch } from '../search/filtered-search.js'
import { type BlockSource, ShardVectors } from '../search/shard-vectors.js'
import { type BlockPlan, plainPlans, readBlocks, readPlans } from './vec-blocks.js'
import { readFacts } from './file-facts.js'
import { BLOCK_ROWS, damagedVectors, type VecTable } from './vec-schema.js'
import { CachedIndex } from '../ivf/cached-index.js'
import { type StoredIvf, storedIvf } from '../ivf/ivf-tables.js'
import { listsFor } from '../ivf/recall-curve.js'
import { verifyVectors } from './verify-vectors.js'
import { idText, parseIdText } from './vector-ids.js'

const WHERE = 'search'
/** Share of the nearest that an index finds if the caller does not say. */
const DEFAULT_RECALL = 0.95
const encoder = new TextEncoder()

/** The vectors of one shard: search, ids and payloads. */
export class SqliteVecSearch {
  readonly #file: SqliteFile
  readonly #url: string
  readonly #table: VecTable
  readonly #kernel: Kernel
  readonly #plans: readonly BlockPlan[]
  readonly #vectors: ShardVectors
  readonly #ivf: StoredIvf | undefined
  readonly #index: CachedIndex | undefined
  /** False if the file says that no vector has a payload. */
  readonly #hasPayloads: boolean
  readonly count: number

  private constructor(
    file: SqliteFile,
    url: string,
    table: VecTable,
    kernel: Kernel,
    plans: readonly BlockPlan[],
    ivf: StoredIvf | undefined,
    hasPayloads: boolean,
  ) {
    this.#file = file
    this.#hasPayloads = hasPayloads
    this.#ivf = ivf
    this.#index = ivf && new CachedIndex(kernel, ivf)
    this.#url = url
    this.#table = table
    this.#kernel = kernel
    this.#plans = plans
    this.count = plans.reduce((sum, { count }) => sum + count, 0)
    const { dimensions } = table
    const { count } = this
    const source: BlockSource = {
      dimensions,
      count,
      async *read(signal, take) {
        for await (const [{ first, count: rows }, bytes] of readBlocks(
          file,
          table,
          plans,
          url,
          signal,
        )) {
          take({ first, count: rows, bytes })
          yield
        }
      },
    }
    this.#vectors = new ShardVectors(kernel, source)
  }

  static async open(
    file: SqliteFile,
    url: string,
    table: VecTable,
    signal: AbortSignal | undefined,
  ): Promise<SqliteVecSearch> {
    const [kernel, facts] = await Promise.all([loadKernel(), readFacts(file, signal)])
    const count = facts?.get('vectors')
    // Unless another program has changed the file, all rows are in their first places.
    const isOurs = typeof count === 'number' && facts?.get('block_rows') === BLOCK_ROWS
    const plans = isOurs ? plainPlans(count) : await readPlans(file, url, signal)
    const ivf = isOurs ? storedIvf(file, facts!, { ...table, count }) : undefined
    const hasPayloads = !isOurs || facts!.get('payloads') !== 0
    return new SqliteVecSearch(file, url, table, kernel, plans, ivf, hasPayloads)
  }

  async search(queries: VectorQueries, o: EngineSearchOptions): Promise<ShardHits> {
    const { dimensions } = this.#table
    if (queries.dimensions !== dimensions) {
      throw invalidValue(
        WHERE,
        `a query must have ${dimensions} values, as the vectors of ${this.#url} have, got ${queries.dimensions}`,
      )
    }
    const { filter, maxDistance = Infinity } = o
    const topK = Math.min(o.topK, this.count)
    const nearest = (capacity: number, allowed?: Uint8Array): Promise<BestRows[]> =>
      exactSearch(this.#kernel, this.#vectors, queries, {
        metric: this.#table.metric,
        capacity,
        allowed,
        signal: o.signal,
      })
    const found =
      filter === undefined
        ? ((await this.#byIndex(queries, topK, o)) ?? (await nearest(topK)))
        : await filteredSearch({
            count: this.count,
            topK,
            queries: queries.count,
            maxDistance,
            search: nearest,
            check: (rows) => this.#check(rows, filter, o.signal),
          })
    return this.#hits(found, maxDistance)
  }

  async vectorRows(rowids: ArrayLike<number>, signal?: AbortSignal): Promise<VectorRows> {
    const keys = Array.from(rowids)
    const options = { signal }
    const [ids, payloads] = await Promise.all([
      this.#file.table('vec_id_map').getMany(keys, options),
      this.#hasPayloads ? this.#file.table('vec_payloads').getMany(keys, options) : [],
    ])
    return {
      // A vector without an id has its number.
      ids: ids.map((row, i) => (row === undefined ? BigInt(keys[i]!) : this.#idOf(row[1]))),
      payloads: keys.map((_, i) => payloads[i] && this.#payloadOf(payloads[i][1])),
    }
  }

  async vectorsById(
    ids: readonly VectorId[],
    signal?: AbortSignal,
  ): Promise<(Float32Array | undefined)[]> {
    const wanted = new Map(ids.map((id) => [idText(id), id]))
    const rowids = new Map<VectorId, number>()
    const table = this.#file.table('vec_id_map')
    for await (const rows of table.scan({}, { signal, readAheadBytes: 4 << 20 })) {
      for (const [rowid, text] of rows) {
        const id = wanted.get(text as string)
        if (id !== undefined && !rowids.has(id)) rowids.set(id, Number(rowid))
      }
      if (rowids.size === wanted.size) break
      await yieldIfDue()
    }
    return Promise.all(ids.map((id) => this.#vectorOf(rowids.get(id), signal)))
  }

  /** Every n-th row of the shard. */
  async sampleVectors(wanted: number, signal?: AbortSignal): Promise<VectorSample> {
    const { dimensions } = this.#table
    const count = Math.min(wanted, this.count)
    const rows = Array.from({ length: count }, (_, i) => Math.floor((i * this.count) / count))
    const plans = [...new Set(rows.map((row) => this.#planOf(row)))]
    const vectors: Float32Array[] = []
    for await (const [{ first, count: size }, bytes] of readBlocks(
      this.#file,
      this.#table,
      plans,
      this.#url,
      signal,
    )) {
      for (const row of rows) {
        if (row < first || row >= first + size) continue
        const at = 4 * (row - first) * dimensions
        vectors.push(new Float32Array(bytes.slice(at, at + 4 * dimensions).buffer))
      }
    }
    const { ids } = await this.vectorRows(
      rows.map((row) => this.#rowidOf(row)),
      signal,
    )
    return { ids, vectors }
  }

  verify(): Promise<string[]> {
    const [file, url, table, kernel, ivf] = [
      this.#file,
      this.#url,
      this.#table,
      this.#kernel,
      this.#ivf,
    ]
    return verifyVectors({ file, url, table, kernel, ivf })
  }

  facts(): ShardVectorFacts {
    const { dimensions, metric } = this.#table
    return {
      count: this.count,
      dimensions,
      metric,
      index: this.#ivf === undefined ? 'exact' : 'ivf',
    }
  }

  close(): void {
    this.#vectors.close()
    this.#index?.close()
  }

  /** Searches by the index, if there is one and it is good enough for what was asked. */
  async #byIndex(
    queries: VectorQueries,
    topK: number,
    { exact, recall = DEFAULT_RECALL, signal }: EngineSearchOptions,
  ): Promise<BestRows[] | undefined> {
    if (this.#ivf === undefined || exact === true || topK === 0) return undefined
    const lists = listsFor(this.#ivf.curves, topK, recall)
    if (lists === undefined) return undefined
    return this.#index!.use(signal, (loading) =>
      this.#vectors.use(async () => {
        const [blocks, index] = await Promise.all([this.#vectors.resident(signal), loading])
        if (blocks === undefined) return undefined
        return index?.search(queries, blocks, { topK, lists, rowsPerBlock: BLOCK_ROWS, signal })
      }),
    )
  }

  #hits(found: readonly BestRows[], maxDistance: number): ShardHits {
    const counts = Uint32Array.from(found, ({ distances }) => {
      const end = distances.findIndex((distance) => distance > maxDistance)
      return end < 0 ? distances.length : end
    })
    const total = counts.reduce((sum, count) => sum + count, 0)
    const scores = new Float64Array(total)
    const rows = new Float64Array(total)
    let at = 0
    for (const [q, best] of found.entries()) {
      for (let i = 0; i < counts[q]!; i++, at++) {
        scores[at] = best.distances[i]!
        rows[at] = this.#rowidOf(best.rows[i]!)
      }
    }
    return { counts, scores, rows }
  }

  async #check(
    rows: Uint32Array,
    filter: NonNullable<EngineSearchOptions['filter']>,
    signal: AbortSignal | undefined,
  ): Promise<boolean[]> {
    const holds: boolean[] = []
    for (let start = 0; start < rows.length; start += 4096) {
      const rowids = Array.from(rows.subarray(start, start + 4096), (row) => this.#rowidOf(row))
      const { ids, payloads } = await this.vectorRows(rowids, signal)
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

  /** The id of a row in the file's tables, by its number in the order of the blocks. */
  #rowidOf(row: number): number {
    const { first, ids, firstId } = this.#planOf(row)
    return ids === undefined ? firstId + (row - first) : ids[row - first]!
  }

  #planOf(row: number): BlockPlan {
    const plans = this.#plans
    let [low, high] = [0, plans.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (plans[middle]!.first <= row) low = middle
      else high = middle - 1
    }
    return plans[low]!
  }

  async #vectorOf(
    rowid: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array | undefined> {
    if (rowid === undefined) return undefined
    for (const plan of this.#plans) {
      const { ids, firstId, count } = plan
      const at = ids === undefined ? rowid - firstId : ids.indexOf(rowid)
      if (at < 0 || at >= count) continue
      const { dimensions } = this.#table
      for await (const [, bytes] of readBlocks(
        this.#file,
        this.#table,
        [plan],
        this.#url,
        signal,
      )) {
        const own = bytes.slice(4 * at * dimensions, 4 * (at + 1) * dimensions)
        return new Float32Array(own.buffer)
      }
    }
    return undefined
  }

  #idOf(text: unknown): VectorId {
    return parseIdText(text, this.#url)
  }

  #payloadOf(text: unknown): Uint8Array {
    if (typeof text === 'string') return encoder.encode(text)
    if (isBytes(text)) return text
    throw damagedVectors(this.#url, 'a payload in vec_payloads must be text')
  }
}
