import type { KernelKind } from './kernel/kernel.js'
import { loadKernel } from './kernel/load-kernel.js'

/** Returns the kind of kernel that searches in this thread: the fastest that runs here. */
export async function kernelKind(): Promise<KernelKind> {
  return (await loadKernel()).kind
}
