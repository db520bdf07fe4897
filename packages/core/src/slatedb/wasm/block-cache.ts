import { machineMemoryBytes } from '#node/slatedb/wasm/machine-memory'
import { loadPackage } from './load-package.js'

const MIB = 1024 * 1024
/** The default of the package. Another size was set by the caller. */
const PACKAGE_BYTES = 64 * MIB
const MAX_BYTES = 1024 * MIB
const SHARE = 1 / 16

/** Returns the default size of the cache of blocks, for a machine with that much memory. */
export function defaultCacheBytes(memoryBytes: number): number {
  return Math.floor(Math.min(MAX_BYTES, Math.max(PACKAGE_BYTES, memoryBytes * SHARE)))
}

let setBytes: number | undefined
let isSized = false

/**
 * Sizes the cache of blocks that all readers of this thread share: as `cacheBytes` says, otherwise
 * once, by the memory of the machine.
 */
export function sizeBlockCache(cacheBytes: number | undefined): Promise<void> | undefined {
  if (cacheBytes === undefined ? isSized : cacheBytes === setBytes) return undefined
  return size(cacheBytes)
}

async function size(cacheBytes: number | undefined): Promise<void> {
  const { cacheStats, setCacheBudget } = await loadPackage()
  if (cacheBytes === undefined) {
    const { budgetBytes } = await cacheStats()
    isSized = true
    if (budgetBytes === PACKAGE_BYTES) await setCacheBudget(defaultCacheBytes(machineMemoryBytes()))
    return
  }
  await setCacheBudget(cacheBytes)
  isSized = true
  setBytes = cacheBytes
}
