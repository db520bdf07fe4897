import { isBytes } from '@shardyfusion/core/internal-vector'
import type { Row, SqliteFile } from 'sqlite-file'
import { BLOCK_ROWS, damagedVectors, type VecTable } from './vec-schema.js'

/** Where the rows of one block are, without its vectors. */
export interface BlockPlan {
  /** The row of `vec_index_vector_chunks00`. */
  readonly id: number
  /** Slots of the block, of which only some may have a row. */
  readonly size: number
  /** The slots with a row; `undefined` if these are the first ones. */
  readonly slots: Uint32Array | undefined
  readonly count: number
  /** The number of its first row; rows of all blocks are numbered in their order. */
  readonly first: number
  /** Row ids by row of the block; `undefined` if they are `firstId` and those that follow it. */
  readonly ids: Float64Array | undefined
  readonly firstId: number
}

const MAX_BLOCK_ROWS = 1 << 20
/** Bytes of vectors read at a time. */
const GROUP_BYTES = 128 << 20

/** The blocks of a shard whose rows are numbered from 0 without gaps, as writers make it. */
export function plainPlans(count: number): BlockPlan[] {
  return Array.from({ length: Math.ceil(count / BLOCK_ROWS) }, (_, block) => {
    const first = block * BLOCK_ROWS
    return {
      id: block + 1,
      size: BLOCK_ROWS,
      slots: undefined,
      count: Math.min(BLOCK_ROWS, count - first),
      first,
      ids: undefined,
      firstId: first,
    }
  })
}

/** The blocks of a shard, in their order. Errors: SHARD_ENGINE if they contradict each other. */
export async function readPlans(
  file: SqliteFile,
  url: string,
  signal: AbortSignal | undefined,
): Promise<BlockPlan[]> {
  const plans: BlockPlan[] = []
  let first = 0
  const table = file.table('vec_index_chunks')
  for await (const rows of table.scan({}, { signal, readAheadBytes: 16 << 20 })) {
    for (const row of rows) {
      const plan = planOf(row, first, url)
      first += plan.count
      if (plan.count > 0) plans.push(plan)
    }
  }
  return plans
}

function planOf([id, size, validity, rowids]: Row, first: number, url: string): BlockPlan {
  const isFit =
    typeof id === 'number' &&
    typeof size === 'number' &&
    size > 0 &&
    size % 8 === 0 &&
    size <= MAX_BLOCK_ROWS &&
    isBytes(validity) &&
    validity.length === size / 8 &&
    isBytes(rowids) &&
    rowids.length === size * 8
  if (!isFit)
    throw damagedVectors(url, `block ${String(id)} of vec_index_chunks has the wrong form`)
  const view = new DataView(rowids.buffer, rowids.byteOffset, rowids.byteLength)
  const slots = new Uint32Array(size)
  const ids = new Float64Array(size)
  let count = 0
  let isPlain = true
  for (let slot = 0; slot < size; slot++) {
    if (((validity[slot >> 3]! >> (slot & 7)) & 1) === 0) continue
    const rowid = Number(view.getBigInt64(8 * slot, true))
    slots[count] = slot
    ids[count] = rowid
    if (slot !== count || rowid !== ids[0]! + count) isPlain = false
    count++
  }
  const firstId = ids[0]!
  const rest = { id, size, count, first, firstId }
  if (isPlain) return { ...rest, slots: undefined, ids: undefined }
  return { ...rest, slots: slots.slice(0, count), ids: ids.slice(0, count) }
}

/**
 * Reads the vectors of blocks, some at a time, and passes them on as bytes of `count` rows.
 *
 * The reads of one group go out together. Errors: SHARD_ENGINE for blocks that are missing or too short.
 */
export async function* readBlocks(
  file: SqliteFile,
  { dimensions }: VecTable,
  plans: readonly BlockPlan[],
  url: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly [plan: BlockPlan, bytes: Uint8Array]> {
  const table = file.table('vec_index_vector_chunks00')
  const rowBytes = 4 * dimensions
  for (let at = 0; at < plans.length;) {
    const group: BlockPlan[] = []
    for (let bytes = 0; at < plans.length && (group.length === 0 || bytes < GROUP_BYTES); at++) {
      group.push(plans[at]!)
      bytes += plans[at]!.size * rowBytes
    }
    const ids = group.map(({ id }) => id)
    const rows = await table.getMany(ids, { signal, cache: false })
    for (const [i, plan] of group.entries()) {
      const [id, vectors] = rows[i] ?? []
      if (id !== plan.id || !isBytes(vectors))
        throw damagedVectors(url, `block ${plan.id} has no vectors`)
      if (vectors.length !== plan.size * rowBytes) {
        throw damagedVectors(
          url,
          `block ${plan.id} must have ${plan.size * rowBytes} bytes of vectors, got ${vectors.length}`,
        )
      }
      yield [plan, compact(vectors, plan, rowBytes)]
    }
  }
}

function compact(vectors: Uint8Array, { slots, count }: BlockPlan, rowBytes: number): Uint8Array {
  if (slots === undefined) return vectors.subarray(0, count * rowBytes)
  const rows = new Uint8Array(count * rowBytes)
  for (const [i, slot] of slots.entries())
    rows.set(vectors.subarray(slot * rowBytes, (slot + 1) * rowBytes), i * rowBytes)
  return rows
}
