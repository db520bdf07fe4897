import { ChunkBuilder } from './chunk-builder.js'
import type { EntryChunk } from './entry-chunk.js'
import { compareKeys } from './merge-head.js'
import { compareBytes } from '../text/bytes.js'

/** Buckets of one pass: with one byte at a time, their counters stay in the fastest cache. */
const BUCKETS = 256

/**
 * Sorts the entries of some chunks by key and packs them again; of equal keys, the last one stays.
 *
 * Units: chunks of about `maxBytes`. A radix sort on the eight bytes after the common prefix of all
 * keys, then a comparison of whole keys where those are equal. Linear, and the rows themselves move
 * once; in runs, if they are in order already.
 */
export function* sortEntries(
  chunks: readonly EntryChunk[],
  maxBytes: number,
): Generator<EntryChunk, void> {
  if (ascend(chunks)) return yield* packed(chunks, maxBytes)
  const rows = new RowTable(chunks)
  const order = rows.sorted()
  const builder = new ChunkBuilder()
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!
    if (i + 1 < order.length && rows.sameKey(row, order[i + 1]!)) continue
    const at = rows.indexOf[row]!
    builder.pushRun(chunks[rows.chunkOf[row]!]!, at, at + 1)
    if (builder.bytes >= maxBytes) yield builder.finish()
  }
  if (builder.count > 0) yield builder.finish()
}

/** Returns true if every key is greater than the one before. */
function ascend(chunks: readonly EntryChunk[]): boolean {
  let before: EntryChunk | undefined
  for (const chunk of chunks) {
    if (chunk.count === 0) continue
    if (before !== undefined && compareKeys(before, before.count - 1, chunk, 0) >= 0) return false
    for (let i = 1; i < chunk.count; i++) if (compareKeys(chunk, i - 1, chunk, i) >= 0) return false
    before = chunk
  }
  return true
}

function* packed(chunks: readonly EntryChunk[], maxBytes: number): Generator<EntryChunk, void> {
  const builder = new ChunkBuilder()
  for (const chunk of chunks) {
    const { count, byteLength } = chunk
    const step = Math.max(1, Math.floor((count * maxBytes) / Math.max(1, byteLength)))
    for (let at = 0; at < count; at += step) {
      builder.pushRun(chunk, at, Math.min(count, at + step))
      if (builder.bytes >= maxBytes) yield builder.finish()
    }
  }
  if (builder.count > 0) yield builder.finish()
}

/**
 * The position of each row, and the part of its key that nearly always distinguishes it from the
 * others.
 */
class RowTable {
  readonly chunkOf: Uint32Array
  readonly indexOf: Uint32Array
  readonly #chunks: readonly EntryChunk[]
  readonly #count: number
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  /** True if the compared part is the whole of every key, so that equal parts mean equal keys. */
  #exact = true

  constructor(chunks: readonly EntryChunk[]) {
    this.#chunks = chunks
    const count = chunks.reduce((sum, chunk) => sum + chunk.count, 0)
    this.#count = count
    this.chunkOf = new Uint32Array(count)
    this.indexOf = new Uint32Array(count)
    this.#high = new Uint32Array(count)
    this.#low = new Uint32Array(count)
    this.#fill(sharedPrefix(chunks))
  }

  /** Returns the rows in the order of their keys; rows with equal keys in their original order. */
  sorted(): Uint32Array {
    const order = this.#radixSort()
    if (!this.#exact) this.#sortWithin(order)
    return order
  }

  sameKey(a: number, b: number): boolean {
    if (this.#high[a] !== this.#high[b] || this.#low[a] !== this.#low[b]) return false
    return this.#exact || compareBytes(this.#key(a), this.#key(b)) === 0
  }

  #fill(skip: number): void {
    let row = 0
    let length: number | undefined
    this.#chunks.forEach((chunk, number) => {
      const { data, ends, count } = chunk
      for (let i = 0; i < count; i++, row++) {
        const start = i === 0 ? 0 : ends[2 * i - 1]!
        const end = ends[2 * i]!
        length ??= end - start
        if (end - start !== length || end - start > skip + 8) this.#exact = false
        this.chunkOf[row] = number
        this.indexOf[row] = i
        this.#high[row] = wordAt(data, start + skip, end)
        this.#low[row] = wordAt(data, start + skip + 4, end)
      }
    })
  }

  #radixSort(): Uint32Array {
    const count = this.#count
    let order = new Uint32Array(count)
    let next = new Uint32Array(count)
    for (let i = 0; i < count; i++) order[i] = i
    const counters = new Uint32Array(BUCKETS)
    for (const words of [this.#low, this.#high]) {
      for (let shift = 0; shift < 32; shift += 8) {
        counters.fill(0)
        for (let i = 0; i < count; i++) counters[(words[i]! >>> shift) & 0xff]!++
        // All are in one bucket: this byte distinguishes nothing.
        if (count > 0 && counters[(words[0]! >>> shift) & 0xff] === count) continue
        let sum = 0
        for (let bucket = 0; bucket < BUCKETS; bucket++) {
          const size = counters[bucket]!
          counters[bucket] = sum
          sum += size
        }
        for (let i = 0; i < count; i++) {
          const row = order[i]!
          next[counters[(words[row]! >>> shift) & 0xff]!++] = row
        }
        ;[order, next] = [next, order]
      }
    }
    return order
  }

  /** Sorts rows with equal compared parts by their whole keys. */
  #sortWithin(order: Uint32Array): void {
    const high = this.#high
    const low = this.#low
    for (let start = 0; start < order.length;) {
      const first = order[start]!
      let end = start + 1
      while (
        end < order.length &&
        high[order[end]!] === high[first] &&
        low[order[end]!] === low[first]
      )
        end++
      if (end - start > 1) {
        const group = Array.from(order.subarray(start, end), (row) => ({
          row,
          key: this.#key(row),
        }))
        group.sort((a, b) => compareBytes(a.key, b.key) || a.row - b.row)
        group.forEach(({ row }, i) => (order[start + i] = row))
      }
      start = end
    }
  }

  #key(row: number): Uint8Array {
    return this.#chunks[this.chunkOf[row]!]!.key(this.indexOf[row]!)
  }
}

/** Returns four bytes of a key as a big-endian word; missing bytes after its end count as zero. */
function wordAt(data: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) {
    return ((data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!) >>> 0
  }
  let word = 0
  for (let i = 0; i < 4; i++) word = (word << 8) | (at + i < end ? data[at + i]! : 0)
  return word >>> 0
}

/** Returns the number of bytes that all keys start with. */
function sharedPrefix(chunks: readonly EntryChunk[]): number {
  const first = chunks.find((chunk) => chunk.count > 0)?.key(0)
  if (first === undefined) return 0
  let shared = first.length
  for (const { data, ends, count } of chunks) {
    for (let i = 0; i < count && shared > 0; i++) {
      const start = i === 0 ? 0 : ends[2 * i - 1]!
      const most = Math.min(shared, ends[2 * i]! - start)
      let same = 0
      while (same < most && data[start + same] === first[same]) same++
      shared = same
    }
  }
  return shared
}
