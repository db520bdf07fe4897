import { checkInteger } from './check-options.js'
import { loadEngine } from './instance.js'

/** State of the cache. */
export interface CacheStats {
  /** Bytes that the cache may use. */
  readonly budgetBytes: number
  /** Bytes in the cache. */
  readonly bytes: number
  /** Blocks, indexes and filters in the cache. */
  readonly entries: number
  /** Reads that the cache answered. */
  readonly hits: number
  /** Reads that the cache did not answer. */
  readonly misses: number
}

/**
 * Sets how many bytes of blocks, indexes and filters all readers together may keep; by default 64 MiB.
 *
 * An index or filter larger than the whole budget is fetched again for every lookup. Errors: SlateDbError of kind Invalid.
 */
export async function setCacheBudget(bytes: number): Promise<void> {
  checkInteger(bytes, { min: 0, max: 2 ** 32 - 1 }, 'setCacheBudget: expected bytes')
  const { host, module } = await loadEngine()
  host.enter(0, () => module.setCacheBudget(bytes))
}

/** State of the cache that all readers share. */
export async function cacheStats(): Promise<CacheStats> {
  const { host, module } = await loadEngine()
  const [budgetBytes, bytes, entries, hits, misses] = host.enter(0, () => module.cacheStats())
  return {
    budgetBytes: budgetBytes!,
    bytes: bytes!,
    entries: entries!,
    hits: hits!,
    misses: misses!,
  }
}
