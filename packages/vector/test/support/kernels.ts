import type { Kernel, RowBlock } from '#dist/kernel/kernel.js'
import { makeKernel } from '#dist/kernel/load-kernel.js'

const KINDS: readonly Kernel['kind'][] = ['javascript', 'simd', 'relaxed-simd']

/** The kernels that run here: Node 20 has no relaxed SIMD. */
export async function kernels(): Promise<Kernel[]> {
  const made = await Promise.all(KINDS.map((kind) => makeKernel(kind).catch(() => undefined)))
  return made.filter((kernel) => kernel !== undefined)
}

/** Places rows in the memory of a kernel. */
export function blockOf(
  kernel: Kernel,
  vectors: Float32Array,
  dimensions: number,
  first = 0,
): RowBlock {
  const count = vectors.length / dimensions
  const rows = kernel.reserve(vectors.byteLength)
  const inverseNorms = kernel.reserve(4 * Math.max(4, count))
  rows.floats().set(vectors)
  const longest = kernel.inverseNorms(rows, count, dimensions, inverseNorms)
  return { rows, inverseNorms, count, first, longest }
}
