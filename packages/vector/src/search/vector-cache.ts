import { describeValue, invalidOption } from '@shardyfusion/core/internal-vector'

/** Something that is in the kernel's memory and can be loaded again. */
export interface CachedVectors {
  readonly bytes: number
  /** True while a search uses it. */
  readonly isBusy: boolean
  /** Frees its memory. */
  evict(): void
}

const DEFAULT_BUDGET_BYTES = 512 * 1024 * 1024
/** The kernel has 4 GiB for everything. */
const MAX_BUDGET_BYTES = 3.5 * 1024 ** 3

/** The vectors of all shards of this thread that are in memory; the least recently searched leave first. */
class VectorCache {
  // In order of use: the least recent first.
  readonly #held = new Set<CachedVectors>()
  budgetBytes = DEFAULT_BUDGET_BYTES
  #bytes = 0
  evictions = 0

  get bytes(): number {
    return this.#bytes
  }

  get shards(): number {
    return this.#held.size
  }

  /** Makes room for vectors and counts them, or returns false if there is not enough. */
  admit(vectors: CachedVectors): boolean {
    if (vectors.bytes > this.budgetBytes) return false
    if (!this.#makeRoom(this.budgetBytes - vectors.bytes)) return false
    this.#held.add(vectors)
    this.#bytes += vectors.bytes
    return true
  }

  touch(vectors: CachedVectors): void {
    if (this.#held.delete(vectors)) this.#held.add(vectors)
  }

  forget(vectors: CachedVectors): void {
    if (this.#held.delete(vectors)) this.#bytes -= vectors.bytes
  }

  setBudget(bytes: number): void {
    this.budgetBytes = bytes
    this.#makeRoom(bytes)
  }

  #makeRoom(most: number): boolean {
    for (const vectors of this.#held) {
      if (this.#bytes <= most) return true
      if (vectors.isBusy) continue
      this.forget(vectors)
      this.evictions++
      vectors.evict()
    }
    return this.#bytes <= most
  }
}

export const vectorCache = new VectorCache()

/** State of the cache of vectors. */
export interface VectorCacheStats {
  /** Bytes that the cache may use. */
  readonly budgetBytes: number
  /** Bytes of vectors and their codes in memory. */
  readonly bytes: number
  /** Shards in memory. */
  readonly shards: number
  /** Shards that left to make room for others, since the start. */
  readonly evictions: number
}

/**
 * Sets the memory for the vectors of all shards in this thread, in bytes; 512 MiB by default.
 *
 * Codes of the vectors count. A shard that does not fit without codes is read from storage for every search. Errors: SHARD_INVALID_OPTION.
 */
export function setVectorCacheBudget(bytes: number): void {
  if (Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= MAX_BUDGET_BYTES) {
    vectorCache.setBudget(bytes)
    return
  }
  throw invalidOption(
    'setVectorCacheBudget',
    `the budget must be an integer from 0 to ${MAX_BUDGET_BYTES} (bytes), got ${describeValue(bytes)}`,
  )
}

/** State of the cache of vectors that all readers share. */
export function vectorCacheStats(): VectorCacheStats {
  const { budgetBytes, bytes, shards, evictions } = vectorCache
  return { budgetBytes, bytes, shards, evictions }
}
