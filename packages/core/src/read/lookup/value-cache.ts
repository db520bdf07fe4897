/** A value as the cache keeps it, `undefined` for a key that is not there. */
export type CachedValue = Uint8Array | string | undefined

interface Slot {
  readonly value: CachedValue
  readonly bytes: number
  /** Found since it was last passed over. */
  isUsed: boolean
}

/** What a slot costs beside its key and value, in bytes: two objects, an array and a place in the map (measured). */
const SLOT_BYTES = 300
/** A value may take this part of the budget at most, so that one does not drive all others out. */
const LARGEST_PART = 1 / 8

/**
 * Values of one snapshot, those not used for long dropped first, keys that are not there included.
 *
 * What is due to be dropped is passed over once if it was used meanwhile ("second chance", as page caches of operating
 * systems have it): to find a value then changes one field, and not the order of all.
 * A snapshot never changes, so nothing in here is ever stale; another snapshot gets a cache of its own.
 * Units: `maxBytes` bounds keys, values and what keeping them costs.
 */
export class ValueCache {
  readonly #maxBytes: number
  // In the order they are due.
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

  /** The slot of an id, if it is kept. */
  find(id: string): { readonly value: CachedValue } | undefined {
    const slot = this.#slots.get(id)
    if (slot !== undefined) slot.isUsed = true
    return slot
  }

  /** Loads what is not kept, once for all who ask at the same time. */
  load(id: string, read: () => Promise<CachedValue>): Promise<CachedValue> {
    const running = this.#loading.get(id)
    if (running !== undefined) return running
    const loading = this.#load(id, read)
    this.#loading.set(id, loading)
    return loading
  }

  /** Keeps a value, which nobody else may change any more. */
  keep(id: string, value: CachedValue): void {
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
      this.keep(id, value)
      return value
    } finally {
      this.#loading.delete(id)
    }
  }
}

const PACKED_BYTES = 8

/** Names a stored key of a shard: the same key under another shard is another row. */
export function cacheId(shard: number, key: Uint8Array): string {
  // Two bytes to a unit as far as eight will go: half the string takes two thirds of the time.
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
  // The length tells packed bytes from others; a number of shards has at most 31 bits.
  return id + String.fromCharCode(key.length & 0xffff, shard & 0xffff, shard >>> 16)
}
