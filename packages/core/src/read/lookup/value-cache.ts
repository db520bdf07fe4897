/** A cached value; `undefined` for a key that does not exist. */
export type CachedValue = Uint8Array | string | undefined

interface Slot {
  readonly value: CachedValue
  readonly bytes: number
  /** True if it was found since it last became due. */
  isUsed: boolean
}

/**
 * Overhead of a slot, in addition to its key and value, in bytes: two objects, an array and an
 * entry of the map (measured).
 */
const SLOT_BYTES = 300
/** Maximum share of the budget for one value, so that it cannot evict all others. */
const LARGEST_PART = 1 / 8

/**
 * Caches values of one snapshot, including missing keys; evicts those not used recently.
 *
 * A slot that is due for eviction gets a second chance if it was used since (the "clock" algorithm
 * of page caches): a lookup then changes one field, not the order of all slots. A snapshot never
 * changes, so no entry is ever stale; each snapshot has a separate cache. Units: `maxBytes` bounds
 * keys, values and overhead.
 */
export class ValueCache {
  readonly #maxBytes: number
  // In the order of eviction.
  readonly #slots = new Map<string, Slot>()
  readonly #loading = new Map<string, Promise<CachedValue>>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#slots.size
  }

  /** Returns the slot of an id, if it is cached. */
  find(id: string): { readonly value: CachedValue } | undefined {
    const slot = this.#slots.get(id)
    if (slot !== undefined) slot.isUsed = true
    return slot
  }

  /** Loads a value that is not cached; concurrent callers share one load. */
  load(id: string, read: () => Promise<CachedValue>): Promise<CachedValue> {
    const running = this.#loading.get(id)
    if (running !== undefined) return running
    const loading = this.#load(id, read)
    this.#loading.set(id, loading)
    return loading
  }

  /** Caches a value, which must not change any more. */
  set(id: string, value: CachedValue): void {
    const bytes = SLOT_BYTES + 2 * id.length + (value?.length ?? 0)
    if (bytes > this.#maxBytes * LARGEST_PART || this.#slots.has(id)) return
    this.#slots.set(id, { value, bytes, isUsed: false })
    this.#bytes += bytes
    for (const [due, slot] of this.#slots) {
      if (this.#bytes <= this.#maxBytes) break
      this.#slots.delete(due)
      if (slot.isUsed) {
        slot.isUsed = false
        this.#slots.set(due, slot)
      } else this.#bytes -= slot.bytes
    }
  }

  clear(): void {
    this.#slots.clear()
    this.#bytes = 0
  }

  async #load(id: string, read: () => Promise<CachedValue>): Promise<CachedValue> {
    try {
      const value = await read()
      this.set(id, value)
      return value
    } finally {
      this.#loading.delete(id)
    }
  }
}

const PACKED_BYTES = 8

/**
 * Returns the cache id of a stored key of a shard: the same key in another shard is another row.
 */
export function cacheId(shard: number, key: Uint8Array): string {
  // Packs two bytes into each unit, for all whole groups of eight: half the string takes two thirds
  // of the time.
  let id = ''
  let i = 0
  for (; i + PACKED_BYTES <= key.length; i += PACKED_BYTES) {
    id += String.fromCharCode(
      key[i]! | (key[i + 1]! << 8),
      key[i + 2]! | (key[i + 3]! << 8),
      key[i + 4]! | (key[i + 5]! << 8),
      key[i + 6]! | (key[i + 7]! << 8),
    )
  }
  for (; i < key.length; i++) id += String.fromCharCode(key[i]!)
  // The length separates packed bytes from unpacked ones; the number of a shard has at most 31
  // bits.
  return id + String.fromCharCode(key.length & 0xffff, shard & 0xffff, shard >>> 16)
}
