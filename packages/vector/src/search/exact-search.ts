import { yieldIfDue } from '@shardyfusion/core/internal-vector'
import type { VectorQueries } from '@shardyfusion/core/extend'
import { Batch, type BestRows } from '../kernel/batch.js'
import type { Kernel, Metric, Region, RowBlock } from '../kernel/kernel.js'

/** Bytes of the best rows of the queries that are searched in one pass over the vectors. */
const BEST_BYTES = 64 << 20
const MAX_QUERIES = 1024
/** Bits of eight rows share a byte. */
const ROW_STEP = 8

/** Blocks of rows that stay where they are while they are used. */
export interface Blocks {
  use<T>(work: () => Promise<T>): Promise<T>
  each(signal: AbortSignal | undefined, visit: (block: RowBlock) => Promise<void>): Promise<void>
}

export interface ExactSearch {
  readonly metric: Metric
  /** Number of rows to find for each query. */
  readonly capacity: number
  /** One bit for each row of the shard; all rows if omitted. */
  readonly allowed?: Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
}

/** Finds the nearest rows for each query by computing every distance; other work of the thread gets its turns. */
export async function exactSearch(
  kernel: Kernel,
  vectors: Blocks,
  queries: VectorQueries,
  { metric, capacity, allowed, signal }: ExactSearch,
): Promise<BestRows[]> {
  const found: BestRows[] = []
  const { dimensions, values, count } = queries
  const most = Math.floor(BEST_BYTES / (12 * Math.max(1, capacity)))
  const step = Math.max(1, Math.min(MAX_QUERIES, most))
  for (let start = 0; start < count; start += step) {
    const end = Math.min(count, start + step)
    const part = values.subarray(start * dimensions, end * dimensions)
    const batch = new Batch(kernel, part, { dimensions, metric, capacity })
    try {
      await vectors.use(() =>
        vectors.each(signal, (block) => scanBlock(kernel, block, batch, allowed, signal)),
      )
      for (let q = 0; q < batch.count; q++) {
        found.push(batch.best(q))
        await yieldIfDue()
      }
    } finally {
      batch.release()
    }
  }
  return found
}

async function scanBlock(
  kernel: Kernel,
  block: RowBlock,
  batch: Batch,
  allowed: Uint8Array | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const bits = allowed === undefined ? undefined : bitsOf(kernel, block, allowed)
  try {
    const { dimensions, count } = batch
    const queryStep = Math.max(4, Math.floor(kernel.productsPerCall / (dimensions * block.count)))
    const perRow = dimensions * Math.min(count, queryStep)
    const rowStep = Math.max(1, Math.floor(kernel.productsPerCall / perRow / ROW_STEP)) * ROW_STEP
    for (let row = 0; row < block.count; row += rowStep) {
      const rowEnd = Math.min(block.count, row + rowStep)
      for (let query = 0; query < count; query += queryStep) {
        const queryEnd = Math.min(count, query + queryStep)
        const part = { rowStart: row, rowEnd, queryStart: query, queryEnd, allowed: bits }
        kernel.scan(block, batch, part)
        const turn = yieldIfDue()
        if (turn === undefined) continue
        await turn
        signal?.throwIfAborted()
      }
    }
  } finally {
    if (bits !== undefined) kernel.release(bits)
  }
}

/** The bits of the rows of a block, the first one in the lowest place. */
function bitsOf(kernel: Kernel, { first, count }: RowBlock, allowed: Uint8Array): Region {
  const region = kernel.reserve(Math.ceil(count / 8))
  const bits = region.bytesView()
  bits.fill(0)
  for (let i = 0; i < count; i++) {
    const row = first + i
    if (((allowed[row >>> 3]! >>> (row & 7)) & 1) === 1) bits[i >>> 3]! |= 1 << (i & 7)
  }
  return region
}
