import type { BestRows } from '../kernel/batch.js'

/** At this share of all rows, checking each row is cheaper than searching for more and more candidates. */
const ALL_ROWS_SHARE = 1 / 8
const LEAST_CANDIDATES = 64

export interface FilteredSearch {
  /** Rows of the shard. */
  readonly count: number
  readonly topK: number
  readonly queries: number
  readonly maxDistance: number
  /** Finds the nearest rows for each query, of all rows or of those whose bit is set. */
  search(capacity: number, allowed?: Uint8Array): Promise<BestRows[]>
  /** Returns for each row whether the filter holds. */
  check(rows: Uint32Array): Promise<boolean[]>
}

/**
 * Finds the nearest rows for which a filter holds: among more and more candidates, until there are enough
 * or all rows have been checked. So there are never fewer than exist.
 */
export async function filteredSearch(o: FilteredSearch): Promise<BestRows[]> {
  const known = new Map<number, boolean>()
  let capacity = Math.max(LEAST_CANDIDATES, 4 * o.topK)
  while (capacity < o.count * ALL_ROWS_SHARE) {
    const found = await o.search(capacity)
    await checkNew(found, known, o)
    const kept = found.map((best) => pick(best, known, o.topK))
    const isDone = kept.every(
      (best, q) => best.rows.length >= o.topK || (found[q]!.distances.at(-1) ?? 0) > o.maxDistance,
    )
    if (isDone) return kept
    capacity *= 4
  }
  const all = Uint32Array.from({ length: o.count }, (_, row) => row)
  const allowed = new Uint8Array(Math.ceil(o.count / 8))
  for (const [row, holds] of (await o.check(all)).entries())
    if (holds) allowed[row >>> 3]! |= 1 << (row & 7)
  return o.search(Math.min(o.topK, o.count), allowed)
}

async function checkNew(
  found: readonly BestRows[],
  known: Map<number, boolean>,
  { check }: FilteredSearch,
): Promise<void> {
  const fresh = new Set<number>()
  for (const { rows } of found) for (const row of rows) if (!known.has(row)) fresh.add(row)
  const rows = Uint32Array.from(fresh)
  const holds = await check(rows)
  for (const [i, row] of rows.entries()) known.set(row, holds[i]!)
}

function pick(best: BestRows, known: ReadonlyMap<number, boolean>, topK: number): BestRows {
  const kept: number[] = []
  for (const [i, row] of best.rows.entries()) {
    if (kept.length === topK) break
    if (known.get(row) === true) kept.push(i)
  }
  return {
    distances: Float64Array.from(kept, (i) => best.distances[i]!),
    rows: Uint32Array.from(kept, (i) => best.rows[i]!),
  }
}
