/** A cached value; `undefined` for a key that does not exist. */
export type CachedValue = Uint8Array | string | undefined

/** Counts of the caches of one reader. */
export interface CacheCounts {
  hits: number
  misses: number
}

interface Slot {
  readonly shard: number
  readonly key: Uint8Array
  readonly hash: number
  readonly value: CachedValue
  readonly bytes: number
  /** True if it was found since the hand last passed it. */
  isUsed: boolean
  /** The next slot of the same bucket. */
  next: Slot | undefined
}

interface Load {
  readonly shard: number
  readonly key: Uint8Array
  readonly value: Promise<CachedValue>
}

/**
 * Overhead of a slot, in addition to its key and value, in bytes: the slot, two arrays and the
 * bucket (measured).
 */
const SLOT_BYTES = 300
/** Maximum share of the budget for one value, so that it cannot evict all others. */
const LARGEST_PART = 1 / 8
const FIRST_BUCKETS = 256

/**
 * Caches values of one snapshot by shard and stored key, including missing keys; evicts those not
 * used recently.
 *
 * A hand passes over the slots in a circle. It evicts a slot, unless the slot was used since the
 * last pass (the "clock" algorithm of page caches): a lookup then changes one field, not the order
 * of all slots. A snapshot never changes, so no entry is ever stale; each snapshot has a separate
 * cache. Units: `maxBytes` bounds keys, values and overhead.
 */
export class ValueCache {
  readonly #maxBytes: number
  readonly #counts: CacheCounts
  /** A hash table. Its length is a power of two, and at least the number of slots. */
  #buckets: (Slot | undefined)[] = emptyBuckets(FIRST_BUCKETS)
  /** The circle, with gaps where slots were evicted. */
  #circle: (Slot | undefined)[] = []
  #gaps: number[] = []
  #hand = 0
  #bytes = 0
  #size = 0
  readonly #loading = new Map<number, Load[]>()

  constructor(maxBytes: number, counts: CacheCounts = { hits: 0, misses: 0 }) {
    this.#maxBytes = maxBytes
    this.#counts = counts
  }

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#size
  }

  /** Returns the slot of a key, if it is cached. */
  find(shard: number, key: Uint8Array): { readonly value: CachedValue } | undefined {
    const slot = this.#size === 0 ? undefined : this.#find(shard, key, hashOf(shard, key))
    if (slot === undefined) this.#counts.misses++
    else {
      this.#counts.hits++
      slot.isUsed = true
    }
    return slot
  }

  /** Loads a value that is not cached; concurrent callers share one load. `key` must not change. */
  load(shard: number, key: Uint8Array, read: () => Promise<CachedValue>): Promise<CachedValue> {
    const hash = hashOf(shard, key)
    const running = this.#loading.get(hash)?.find((load) => isOf(load, shard, key))
    if (running !== undefined) return running.value
    const load: Load = { shard, key, value: this.#load(hash, shard, key, read) }
    const loads = this.#loading.get(hash)
    if (loads === undefined) this.#loading.set(hash, [load])
    else loads.push(load)
    return load.value
  }

  /** Caches a value, which must not change any more, under a copy of the key. */
  set(shard: number, key: Uint8Array, value: CachedValue): void {
    const bytes = SLOT_BYTES + key.length + sizeOf(value)
    if (bytes > this.#maxBytes * LARGEST_PART) return
    const hash = hashOf(shard, key)
    if (this.#find(shard, key, hash) !== undefined) return
    while (this.#bytes + bytes > this.#maxBytes) this.#evict()
    if (this.#size === this.#buckets.length) this.#grow()
    const at = hash & (this.#buckets.length - 1)
    const next = this.#buckets[at]
    // Not key.slice(): on a Buffer it returns a view.
    const own = new Uint8Array(key)
    const slot: Slot = { shard, key: own, hash, value, bytes, isUsed: false, next }
    this.#buckets[at] = slot
    this.#circle[this.#gaps.pop() ?? this.#circle.length] = slot
    this.#bytes += bytes
    this.#size++
  }

  clear(): void {
    this.#buckets = emptyBuckets(FIRST_BUCKETS)
    this.#circle = []
    this.#gaps = []
    this.#hand = this.#bytes = this.#size = 0
  }

  #find(shard: number, key: Uint8Array, hash: number): Slot | undefined {
    let slot = this.#buckets[hash & (this.#buckets.length - 1)]
    while (slot !== undefined && !(slot.hash === hash && isOf(slot, shard, key))) slot = slot.next
    return slot
  }

  /** Evicts the next slot that was not used; there is at least one slot. */
  #evict(): void {
    for (;;) {
      if (this.#hand >= this.#circle.length) this.#hand = 0
      const at = this.#hand++
      const slot = this.#circle[at]
      if (slot === undefined) continue
      if (slot.isUsed) {
        slot.isUsed = false
        continue
      }
      this.#circle[at] = undefined
      this.#gaps.push(at)
      this.#unlink(slot)
      this.#bytes -= slot.bytes
      this.#size--
      return
    }
  }

  #unlink(slot: Slot): void {
    const at = slot.hash & (this.#buckets.length - 1)
    let before = this.#buckets[at]
    if (before === slot) {
      this.#buckets[at] = slot.next
      return
    }
    while (before !== undefined && before.next !== slot) before = before.next
    if (before !== undefined) before.next = slot.next
  }

  #grow(): void {
    const buckets = emptyBuckets(2 * this.#buckets.length)
    for (const slot of this.#circle) {
      if (slot === undefined) continue
      const at = slot.hash & (buckets.length - 1)
      slot.next = buckets[at]
      buckets[at] = slot
    }
    this.#buckets = buckets
  }

  async #load(
    hash: number,
    shard: number,
    key: Uint8Array,
    read: () => Promise<CachedValue>,
  ): Promise<CachedValue> {
    try {
      const value = await read()
      this.set(shard, key, value)
      return value
    } finally {
      const left = this.#loading.get(hash)!.filter((load) => !isOf(load, shard, key))
      if (left.length === 0) this.#loading.delete(hash)
      else this.#loading.set(hash, left)
    }
  }
}

function emptyBuckets(count: number): (Slot | undefined)[] {
  return Array.from({ length: count }, () => undefined)
}

function sizeOf(value: CachedValue): number {
  return typeof value === 'string' ? 2 * value.length : (value?.length ?? 0)
}

function isOf(
  entry: { readonly shard: number; readonly key: Uint8Array },
  shard: number,
  key: Uint8Array,
): boolean {
  if (entry.shard !== shard || entry.key.length !== key.length) return false
  for (let i = 0; i < key.length; i++) if (entry.key[i] !== key[i]) return false
  return true
}

// The start differs in each process, so that chosen keys cannot fill one bucket.
const SEED = Math.floor(Math.random() * 2 ** 32) | 0

/** Returns 32 bits of a key and its shard, from 4 bytes at a time (the mixing of MurmurHash3). */
function hashOf(shard: number, key: Uint8Array): number {
  const { length } = key
  let hash = mixed(SEED, shard)
  let i = 0
  for (; i + 4 <= length; i += 4) {
    hash = mixed(hash, key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24))
  }
  let tail = length
  for (; i < length; i++) tail = (tail << 8) | key[i]!
  hash = mixed(hash, tail)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function mixed(hash: number, word: number): number {
  word = Math.imul(word, 0xcc9e2d51)
  word = Math.imul((word << 15) | (word >>> 17), 0x1b873593)
  hash ^= word
  return (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
}
