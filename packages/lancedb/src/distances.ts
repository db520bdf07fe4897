import type { VectorMetric } from '@shardyfusion/core/extend'

// LanceDB's distances are cosine as the kernel has it, L2 squared, and one minus the dot product.

/** The distance of LanceDB for one of the kernel. */
export function fromKernel(metric: VectorMetric, distance: number): number {
  if (metric === 'l2') return distance * distance
  return metric === 'dot_product' ? 1 + distance : distance
}

/** The distance of the kernel for one of LanceDB. */
export function toKernel(metric: VectorMetric, distance: number): number {
  if (metric === 'l2') return distance < 0 ? -1 : Math.sqrt(distance)
  return metric === 'dot_product' ? distance - 1 : distance
}
