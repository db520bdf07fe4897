import { isBytes, isErrorNamed, parsePayload, yieldIfDue } from '@shardyfusion/core/internal-vector'
import type { SqliteFile } from 'sqlite-file'
import type { StoredIvf } from '../ivf/ivf-tables.js'
import { checkCodes } from '../ivf/check-codes.js'
import type { Kernel } from '../kernel/kernel.js'
import { readFacts } from './file-facts.js'
import { type BlockPlan, readBlocks, readPlans } from './vec-blocks.js'
import { type VecTable } from './vec-schema.js'
import { parseIdText } from './vector-ids.js'

const READ_AHEAD_BYTES = 4 << 20
/** Problems of one kind; more would not say more. */
const MAX_EACH = 5

export interface VectorsToVerify {
  readonly file: SqliteFile
  readonly url: string
  readonly table: VecTable
  readonly kernel: Kernel
  readonly ivf: StoredIvf | undefined
}

/**
 * Reads the tables of vectors and returns what contradicts: rows, ids and payloads that belong to no vector or are
 * missing, values that are not finite, and an index that does not have the stored vectors.
 */
export async function verifyVectors(shard: VectorsToVerify): Promise<string[]> {
  const problems = new Problems()
  const { file, url, ivf } = shard
  const plans = await readPlans(file, url, undefined)
  const rowids = rowidsOf(plans)
  await checkFacts(file, rowids.size, problems)
  await checkRowids(file, rowids, problems)
  await checkIds(file, url, rowids, problems)
  await checkPayloads(file, rowids, problems)
  await checkValues(shard, plans, problems)
  if (ivf !== undefined)
    for (const problem of await checkCodes(shard, ivf, plans)) problems.add('index', problem)
  return problems.list()
}

class Problems {
  readonly #found = new Map<string, { first: string[]; count: number }>()

  add(kind: string, problem: string): void {
    const found = this.#found.get(kind) ?? { first: [], count: 0 }
    if (found.first.length < MAX_EACH) found.first.push(problem)
    found.count++
    this.#found.set(kind, found)
  }

  list(): string[] {
    const all: string[] = []
    for (const { first, count } of this.#found.values()) {
      all.push(...first)
      if (count > first.length)
        all.push(`${count - first.length} more problems of the kind of the one before`)
    }
    return all
  }
}

/** The place of each vector: its block and slot. */
function rowidsOf(
  plans: readonly BlockPlan[],
): Map<number, readonly [block: number, slot: number]> {
  const places = new Map<number, readonly [number, number]>()
  for (const { id, count, slots, ids, firstId } of plans)
    for (let i = 0; i < count; i++) places.set(ids?.[i] ?? firstId + i, [id, slots?.[i] ?? i])
  return places
}

type Places = ReturnType<typeof rowidsOf>

async function checkFacts(file: SqliteFile, count: number, problems: Problems): Promise<void> {
  const stored = (await readFacts(file, undefined))?.get('vectors')
  if (stored === undefined || stored === count) return
  problems.add('count', `sf_info counts ${String(stored)} vectors, but the blocks have ${count}`)
}

async function checkRowids(file: SqliteFile, places: Places, problems: Problems): Promise<void> {
  let count = 0
  for await (const rows of file
    .table('vec_index_rowids')
    .scan({}, { readAheadBytes: READ_AHEAD_BYTES })) {
    for (const [rowid, , block, slot] of rows) {
      count++
      const place = places.get(Number(rowid))
      if (place !== undefined && place[0] === Number(block) && place[1] === Number(slot)) continue
      problems.add(
        'rowids',
        `vec_index_rowids has row ${String(rowid)} in slot ${String(slot)} of block ${String(block)}, where the blocks do not have it`,
      )
    }
    await yieldIfDue()
  }
  if (count < places.size)
    problems.add('rowids', `vec_index_rowids has ${count} rows for ${places.size} vectors`)
}

async function checkIds(
  file: SqliteFile,
  url: string,
  places: Places,
  problems: Problems,
): Promise<void> {
  let count = 0
  for await (const rows of file
    .table('vec_id_map')
    .scan({}, { readAheadBytes: READ_AHEAD_BYTES })) {
    for (const [rowid, text] of rows) {
      if (places.has(Number(rowid))) count++
      else problems.add('ids', `vec_id_map has an id for row ${String(rowid)}, which has no vector`)
      try {
        parseIdText(text, url)
      } catch (error) {
        problems.add('ids', `row ${String(rowid)}: ${(error as Error).message}`)
      }
    }
    await yieldIfDue()
  }
  // Files of the Python project may have none; then ids are row numbers.
  if (count > 0 && count < places.size)
    problems.add('ids', `vec_id_map has ids for ${count} of ${places.size} vectors`)
}

async function checkPayloads(file: SqliteFile, places: Places, problems: Problems): Promise<void> {
  let count = 0
  for await (const rows of file
    .table('vec_payloads')
    .scan({}, { readAheadBytes: READ_AHEAD_BYTES })) {
    for (const [rowid, text] of rows) {
      count++
      if (!places.has(Number(rowid)))
        problems.add(
          'payloads',
          `vec_payloads has a payload for row ${String(rowid)}, which has no vector`,
        )
      const bytes = isBytes(text) ? text : new TextEncoder().encode(String(text))
      try {
        parsePayload(bytes)
      } catch (error) {
        problems.add('payloads', `row ${String(rowid)}: ${(error as Error).message}`)
      }
    }
    await yieldIfDue()
  }
  const counted = (await readFacts(file, undefined))?.get('payloads')
  if (counted !== undefined && counted !== count) {
    problems.add(
      'payloads',
      `sf_info counts ${String(counted)} payloads, but vec_payloads has ${count}`,
    )
  }
}

async function checkValues(
  { file, table, url }: VectorsToVerify,
  plans: readonly BlockPlan[],
  problems: Problems,
): Promise<void> {
  const { dimensions, metric } = table
  try {
    for await (const [plan, bytes] of readBlocks(file, table, plans, url, undefined)) {
      const values = new Float32Array(bytes.slice().buffer)
      for (let i = 0; i < plan.count; i++) {
        const vector = values.subarray(i * dimensions, (i + 1) * dimensions)
        const problem = vectorProblem(vector, metric)
        if (problem === undefined) continue
        problems.add('values', `the vector of row ${plan.ids?.[i] ?? plan.firstId + i} ${problem}`)
      }
      await yieldIfDue()
    }
  } catch (error) {
    if (!isErrorNamed(error, 'ShardyfusionError')) throw error
    problems.add('blocks', error.message)
  }
}

function vectorProblem(vector: Float32Array, metric: string): string | undefined {
  const bad = vector.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) return `has ${vector[bad]} as value ${bad}; values must be finite`
  if (metric === 'cosine' && vector.every((value) => value === 0))
    return 'has only zeros, which have no cosine distance'
  return undefined
}
