import { isErrorNamed, yieldIfDue } from '@shardyfusion/core/internal-vector'
import { type BlockPlan, readBlocks } from '../sqlite-vec/vec-blocks.js'
import type { VectorsToVerify } from '../sqlite-vec/verify-vectors.js'
import type { IvfIndex } from './ivf-index.js'
import type { StoredIvf } from './ivf-tables.js'

/** Compares the codes of an index with those of the stored vectors, block by block. */
export async function checkCodes(
  { file, table, url, kernel }: VectorsToVerify,
  ivf: StoredIvf,
  plans: readonly BlockPlan[],
): Promise<string[]> {
  const { dimensions } = table
  let index: IvfIndex
  try {
    index = await ivf.load(kernel, undefined)
  } catch (error) {
    if (!isErrorNamed(error, 'RangeError')) throw error
    return [`the tables of the index contradict each other: ${error.message}`]
  }
  const placeOf = index.positions()
  const problems: string[] = []
  try {
    for await (const [plan, bytes] of readBlocks(file, table, plans, url, undefined)) {
      const rows = kernel.reserve(Math.max(16, bytes.length))
      const codes = kernel.reserve(Math.max(16, plan.count * dimensions))
      const scales = kernel.reserve(4 * Math.max(4, plan.count))
      try {
        rows.bytesView().set(bytes)
        kernel.quantize(rows, 0, plan.count, dimensions, codes, scales)
        const wanted = codes.bytesView()
        const stored = index.codes.codes.bytesView()
        for (let i = 0; i < plan.count; i++) {
          const at = placeOf[plan.first + i]! * dimensions
          if (isEqual(wanted, i * dimensions, stored, at, dimensions)) continue
          problems.push(
            `the index has other codes for row ${plan.ids?.[i] ?? plan.firstId + i} than its vector gives`,
          )
        }
      } finally {
        for (const region of [rows, codes, scales]) kernel.release(region)
      }
      await yieldIfDue()
    }
    return problems
  } finally {
    index.release()
  }
}

function isEqual(a: Uint8Array, from: number, b: Uint8Array, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[from + i] !== b[at + i]) return false
  return true
}
