import type { VectorQueries } from '@shardyfusion/core/extend'
import { yieldIfDue } from '@shardyfusion/core/internal-vector'
import type { Kernel, Metric, RowBlock } from '../kernel/kernel.js'
import { exactSearch } from '../search/exact-search.js'
import type { IvfIndex } from './ivf-index.js'
import type { RecallCurve } from './recall-curve.js'

const MEASURED_QUERIES = 100
/** Numbers of hits that recall is measured for. */
const MEASURED_HITS = [10, 100]
/** More lists are not measured when this share is found. */
const ENOUGH = 0.995
/** The share at which searches are compared with what the lists have. */
const COMPARED = 0.99
/** One number of lists is this much larger than the one before, once they are many. */
const STEP = 1.08
/** Nine of ten samples of queries have a higher average than this many standard errors below the true one. */
const STANDARD_ERRORS = 1.28

export interface ListMeasurement {
  readonly metric: Metric
  readonly dimensions: number
  readonly count: number
  readonly rowsPerBlock: number
  readonly blocks: readonly RowBlock[]
  /** The list of each row. */
  readonly listOf: Uint32Array
  vectorOf(row: number): Float32Array
}

/**
 * Measures by rows of the shard, each without itself, which share of the truly nearest is in the nearest lists.
 *
 * A number of lists gets the recall that it has for the whole shard with a probability of nine in ten: the average, less
 * what chance may have added.
 */
export async function measureLists(
  kernel: Kernel,
  index: IvfIndex,
  o: ListMeasurement,
): Promise<RecallCurve[]> {
  const { dimensions, metric, blocks } = o
  const count = Math.min(MEASURED_QUERIES, o.count)
  const own = Uint32Array.from({ length: count }, (_, q) => Math.floor((q * o.count) / count))
  const values = new Float32Array(count * dimensions)
  for (const [q, row] of own.entries()) values.set(o.vectorOf(row), q * dimensions)
  const queries = { values, count, dimensions }
  const capacity = Math.min(o.count, MEASURED_HITS.at(-1)! + 1)
  const truth = await exactSearch(kernel, inMemory(blocks), queries, { metric, capacity })
  const nearest = truth.map(({ rows }, q) => rows.filter((row) => row !== own[q]!))
  const ranks = await ranksOf(index, queries, nearest, o.listOf)
  const curves: RecallCurve[] = []
  for (const topK of MEASURED_HITS) {
    const averages = averagesOf(
      ranks.map((one) => one.subarray(0, topK)),
      index.lists,
    )
    const compared = averages.findIndex(({ mean }) => mean >= COMPARED)
    const { lists, mean } = averages.at(compared)!
    const search = { topK: topK + 1, lists, rowsPerBlock: o.rowsPerBlock }
    const found = await index.search(queries, blocks, search)
    const shares = found.map(({ rows }, q) => {
      const wanted = nearest[q]!.subarray(0, topK)
      return wanted.length === 0 ? 1 : common(rows, wanted) / wanted.length
    })
    // Codes may be too coarse to find what is in the lists.
    const part = Math.min(1, shares.reduce((sum, share) => sum + share, 0) / count / mean)
    curves.push({ topK, points: averages.map(({ lists: n, low }) => [n, floor4(low * part)]) })
  }
  return curves
}

/** For each query the number of lists to search until each of its nearest rows is found. */
async function ranksOf(
  index: IvfIndex,
  { values, dimensions }: VectorQueries,
  nearest: readonly Uint32Array[],
  listOf: Uint32Array,
): Promise<Uint32Array[]> {
  const all: Uint32Array[] = []
  const ranks = new Uint32Array(index.lists)
  for (const [q, rows] of nearest.entries()) {
    const ranked = index.rank(values.subarray(q * dimensions, (q + 1) * dimensions))
    for (const [rank, list] of ranked.entries()) ranks[list] = rank + 1
    all.push(rows.map((row) => ranks[listOf[row]!]!))
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
  }
  return all
}

interface Average {
  readonly lists: number
  readonly mean: number
  /** The mean is higher than this by more than chance, with a probability of nine in ten. */
  readonly low: number
}

/** The share of ranks within more and more lists, up to enough or all of them. */
function averagesOf(ranks: readonly Uint32Array[], most: number): Average[] {
  const found: Average[] = []
  for (let lists = 1; ; lists = Math.min(most, Math.max(lists + 1, Math.floor(lists * STEP)))) {
    let [sum, squares] = [0, 0]
    for (const one of ranks) {
      let within = 0
      for (const rank of one) if (rank <= lists) within++
      const share = one.length === 0 ? 1 : within / one.length
      sum += share
      squares += share * share
    }
    const mean = sum / ranks.length
    const variance = Math.max(0, squares / ranks.length - mean * mean)
    const low = Math.max(0, mean - STANDARD_ERRORS * Math.sqrt(variance / ranks.length))
    found.push({ lists, mean, low })
    if (low >= ENOUGH || lists === most) return found
  }
}

function common(rows: Uint32Array, wanted: Uint32Array): number {
  const found = new Set(rows)
  let count = 0
  for (const row of wanted) if (found.has(row)) count++
  return count
}

function floor4(share: number): number {
  return Math.floor(share * 1e4) / 1e4
}

function inMemory(blocks: readonly RowBlock[]): Parameters<typeof exactSearch>[1] {
  return {
    use: (work) => work(),
    each: async (_signal, visit) => {
      for (const block of blocks) await visit(block)
    },
  }
}
