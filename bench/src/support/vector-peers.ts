/** A library that searches the same vectors. */
export interface Peer {
  readonly name: string
  search(query: Float32Array): Promise<number[]> | number[]
  close?(): Promise<void> | void
}

/** The parts of `@lancedb/lancedb` that are used here. */
interface Lance {
  connect(folder: string): Promise<{
    createTable(name: string, rows: object[]): Promise<LanceTable>
  }>
  readonly Index: { hnswSq(options: object): unknown }
}

interface LanceTable {
  add(rows: object[]): Promise<unknown>
  createIndex(column: string, options: object): Promise<void>
  search(query: number[]): LanceQuery
  close(): void
}

interface LanceQuery {
  distanceType(metric: string): LanceQuery
  nprobes(count: number): LanceQuery
  refineFactor(factor: number): LanceQuery
  select(columns: string[]): LanceQuery
  limit(count: number): LanceQuery
  toArray(): Promise<{ id: number | bigint }[]>
}

/** The parts of `usearch` that are used here. */
interface Usearch {
  readonly Index: new (options: object) => {
    add(keys: BigUint64Array, vectors: Float32Array, threads: number): void
    search(query: Float32Array, count: number, threads: number): { keys: BigUint64Array }
  }
}

const CHUNK = 10_000

/** LanceDB and usearch, if they are installed. */
export async function peersOf(
  load: NodeJS.Require,
  folder: string,
  base: Float32Array,
  dimensions: number,
  topK: number,
): Promise<Peer[]> {
  const lance = optional<Lance>(load, '@lancedb/lancedb')
  const usearch = optional<Usearch>(load, 'usearch')
  return [
    ...(lance === undefined ? [] : await lancePeers(lance, folder, base, dimensions, topK)),
    ...(usearch === undefined ? [] : usearchPeers(usearch, base, dimensions, topK)),
  ]
}

/** LanceDB with the index that the Python project makes with `quantization: 'fp16'`. */
async function lancePeers(
  { connect, Index }: Lance,
  folder: string,
  base: Float32Array,
  dimensions: number,
  topK: number,
): Promise<Peer[]> {
  const db = await connect(folder)
  const count = base.length / dimensions
  const rows = (start: number): object[] =>
    Array.from({ length: Math.min(CHUNK, count - start) }, (_, i) => {
      const at = (start + i) * dimensions
      return { id: start + i, vector: Array.from(base.subarray(at, at + dimensions)) }
    })
  const table = await db.createTable('vectors', rows(0))
  for (let start = CHUNK; start < count; start += CHUNK) await table.add(rows(start))
  const partitions = Math.min(256, Math.max(1, Math.floor(count / 256)))
  const config = Index.hnswSq({
    distanceType: 'cosine',
    numPartitions: partitions,
    m: 20,
    efConstruction: 300,
  })
  await table.createIndex('vector', { config })
  const search = async (query: Float32Array, tune: (q: LanceQuery) => LanceQuery) => {
    const asked = tune(table.search(Array.from(query)).distanceType('cosine'))
    const found = await asked.select(['id']).limit(topK).toArray()
    return found.map(({ id }) => Number(id))
  }
  return [
    { name: 'LanceDB HNSW_SQ, default', search: (query) => search(query, (q) => q) },
    {
      name: 'LanceDB HNSW_SQ, nprobes 50, refine 10',
      search: (query) => search(query, (q) => q.nprobes(50).refineFactor(10)),
      close: () => table.close(),
    },
  ]
}

function usearchPeers(
  { Index }: Usearch,
  base: Float32Array,
  dimensions: number,
  topK: number,
): Peer[] {
  const keys = BigUint64Array.from({ length: base.length / dimensions }, (_, i) => BigInt(i))
  const index = new Index({ metric: 'cos', dimensions, quantization: 'f32', expansion_search: 256 })
  index.add(keys, base, 2)
  return [
    {
      name: 'usearch HNSW, ef 256',
      search: (query) => Array.from(index.search(query, topK, 1).keys, Number),
    },
  ]
}

function optional<T>(load: NodeJS.Require, name: string): T | undefined {
  try {
    return load(name) as T
  } catch {
    return undefined
  }
}
