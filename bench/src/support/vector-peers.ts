import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A library that searches the same vectors. */
export interface Peer {
  readonly name: string
  /** The share of the truly nearest that it finds. */
  readonly recall?: number
  search(query: Float32Array): Promise<number[]> | number[]
  close?(): Promise<void> | void
}

/** The vectors that all peers search, and the truly nearest of each query. */
export interface PeerTask {
  /** Of the vectors; their indexes are stored by it, for the next run. */
  readonly name: string
  readonly base: Float32Array
  readonly dimensions: number
  readonly queries: readonly Float32Array[]
  readonly truth: readonly (readonly number[])[]
  /** The recall that a peer with options is tuned to. */
  readonly recall: number
}

/** The parts of `@lancedb/lancedb` that are used here. */
interface Lance {
  connect(folder: string): Promise<{
    createTable(name: string, rows: object[]): Promise<LanceTable>
    openTable(name: string): Promise<LanceTable>
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
  bypassVectorIndex(): LanceQuery
  select(columns: string[]): LanceQuery
  limit(count: number): LanceQuery
  toArray(): Promise<{ id: number | bigint }[]>
}

/** The parts of `usearch` that are used here. */
interface Usearch {
  readonly Index: new (options: object) => {
    add(keys: BigUint64Array, vectors: Float32Array, threads: number): void
    search(query: Float32Array, count: number, threads: number): { keys: BigUint64Array }
    save(path: string): void
    load(path: string): void
  }
}

const CHUNK = 10_000

/** LanceDB and usearch, if they are installed. Their indexes take minutes to build, so they stay in `folder`. */
export async function peersOf(
  load: NodeJS.Require,
  folder: string,
  task: PeerTask,
): Promise<Peer[]> {
  mkdirSync(folder, { recursive: true })
  const lance = optional<Lance>(load, '@lancedb/lancedb')
  const usearch = optional<Usearch>(load, 'usearch')
  return [
    ...(lance === undefined ? [] : await lancePeers(lance, folder, task)),
    ...(usearch === undefined ? [] : await usearchPeers(usearch, folder, task)),
  ]
}

/** The share of the truly nearest that a search finds. */
export async function recallOf(
  search: Peer['search'],
  { queries, truth }: Pick<PeerTask, 'queries' | 'truth'>,
): Promise<number> {
  let hits = 0
  let wanted = 0
  for (const [i, query] of queries.entries()) {
    const found = new Set(await search(query))
    wanted += truth[i]!.length
    for (const id of truth[i]!) if (found.has(id)) hits++
  }
  return hits / wanted
}

/** LanceDB with the index that the Python project makes with `quantization: 'fp16'`, and without one. */
async function lancePeers({ connect, Index }: Lance, folder: string, task: PeerTask) {
  const table = await stored(
    join(folder, `${task.name}.lancedb`),
    async (at) => (await connect(at)).openTable('vectors'),
    (at) => buildLance(connect, Index, at, task),
  )
  const searchWith =
    (tune: (q: LanceQuery) => LanceQuery): Peer['search'] =>
    async (query) => {
      const asked = tune(table.search(Array.from(query)).distanceType('cosine'))
      const found = await asked.select(['id', '_distance']).limit(task.truth[0]!.length).toArray()
      return found.map(({ id }) => Number(id))
    }
  const { name, search } = await tuned(task, searchWith)
  return [
    { name: 'LanceDB, default', search: searchWith((q) => q) },
    { name: `LanceDB, ${name}`, search },
    {
      name: 'LanceDB, no index',
      search: searchWith((q) => q.bypassVectorIndex()),
      close: () => table.close(),
    },
  ]
}

/** The settings that take the least processor time of those that find the wanted share; else those that find most. */
async function tuned(
  task: PeerTask,
  searchWith: (tune: (q: LanceQuery) => LanceQuery) => Peer['search'],
): Promise<Peer> {
  let best: { name: string; search: Peer['search']; cpu: number; recall: number } | undefined
  for (const nprobes of [5, 10, 20, 35, 50, 100, 200]) {
    for (const refine of [undefined, 2, 4, 10]) {
      const search = searchWith((q) => {
        const probed = q.nprobes(nprobes)
        return refine === undefined ? probed : probed.refineFactor(refine)
      })
      const before = process.cpuUsage()
      const recall = await recallOf(search, task)
      const { user, system } = process.cpuUsage(before)
      const cpu = user + system
      const name = `nprobes ${nprobes}${refine === undefined ? '' : `, refine ${refine}`}`
      const enough = Math.min(recall, task.recall)
      const known = Math.min(best?.recall ?? -1, task.recall)
      if (enough > known || (enough === known && cpu < best!.cpu))
        best = { name, search, cpu, recall }
    }
  }
  return best!
}

async function buildLance(
  connect: Lance['connect'],
  Index: Lance['Index'],
  folder: string,
  { base, dimensions }: PeerTask,
): Promise<LanceTable> {
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
  return table
}

/** Opens an index that an earlier run built here, or builds it. */
async function stored<T>(
  path: string,
  open: (path: string) => T | Promise<T>,
  build: (path: string) => T | Promise<T>,
): Promise<T> {
  const complete = `${path}.complete`
  if (existsSync(complete)) return open(path)
  rmSync(path, { recursive: true, force: true })
  const built = await build(path)
  writeFileSync(complete, '')
  return built
}

async function usearchPeers(
  { Index }: Usearch,
  folder: string,
  { name, base, dimensions, truth }: PeerTask,
): Promise<Peer[]> {
  const fresh = () =>
    new Index({ metric: 'cos', dimensions, quantization: 'f32', expansion_search: 256 })
  const index = await stored(
    join(folder, `${name}.usearch`),
    (path) => {
      const known = fresh()
      known.load(path)
      return known
    },
    (path) => {
      const built = fresh()
      const keys = BigUint64Array.from({ length: base.length / dimensions }, (_, i) => BigInt(i))
      built.add(keys, base, 2)
      built.save(path)
      return built
    },
  )
  return [
    {
      name: 'usearch HNSW, ef 256',
      search: (query) => Array.from(index.search(query, truth[0]!.length, 1).keys, Number),
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
