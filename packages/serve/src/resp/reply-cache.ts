import { hashOfKey } from '../hash-of-key.js'
import type { ReplyBuffer } from './reply-buffer.js'

/** Small, because a full cache evicts a whole one while requests wait. */
const SEGMENT_BYTES = 256 * 1024
/** A position is the number of a segment, shifted by this, and a word in it. */
const SEGMENT_SHIFT = 16
const SEGMENT_WORDS = SEGMENT_BYTES / 4
const MAX_SEGMENTS = 2 ** (32 - SEGMENT_SHIFT) - 1
/** Header of an entry, in words: hash, bytes of the key, bytes of the value, bytes of the reply. */
const HEADER_WORDS = 4
const NO_VALUE = 0xffff_ffff
const FIRST_SLOTS = 4096
/** Maximum share of a segment for one entry, so that little of a segment stays empty. */
const LARGEST_BYTES = SEGMENT_BYTES / 4
/** Slots of the previous table that move with each new entry: 2 would be enough before the next one is full. */
const MOVES = 8
/** A slot of the previous table whose entry was evicted. */
const EVICTED = 0xffff_ffff

interface Segment {
  readonly bytes: Buffer
  readonly words: Uint32Array
  readonly view: DataView
  /** End of its entries, in words. */
  end: number
}

/**
 * Caches replies of one snapshot by the key as it was sent, and keys that do not exist; the oldest
 * are evicted first.
 *
 * A hit takes a fraction of the time of a lookup in the memory of an engine. Entries are packed in
 * segments outside of the JavaScript heap, and a hash table has their positions. A full cache evicts
 * a whole segment, and a full table moves to one of twice the size bit by bit: no request waits for
 * a million entries. A snapshot never changes, so no entry is ever stale: `clear` when the reader
 * moves. Shape: a position is that of an entry, valid until the next `set`. Units: `maxBytes` bounds
 * segments and table; below 512 KiB, nothing is cached.
 */
export class ReplyCache {
  readonly #maxSegments: number
  readonly #maxSlots: number
  #segments: Segment[] = []
  #current = 0
  /** Position of an entry plus 1; 0 for a free slot. The length is a power of two. */
  #slots = new Uint32Array(FIRST_SLOTS)
  /** The previous table, until all of its entries are in the new one. */
  #before: Uint32Array | undefined
  /** Slots of it whose entries are. */
  #moved = 0
  #size = 0

  constructor(maxBytes: number) {
    this.#maxSegments = Math.min(MAX_SEGMENTS, Math.floor((maxBytes * 13) / 16 / SEGMENT_BYTES))
    this.#maxSlots = 2 ** Math.floor(Math.log2(Math.max(FIRST_SLOTS, maxBytes / 32)))
  }

  /** Number of entries. */
  get size(): number {
    return this.#size
  }

  /** Bytes of segments and table. */
  get bytes(): number {
    const tables = this.#slots.byteLength + (this.#before?.byteLength ?? 0)
    return this.#segments.length * SEGMENT_BYTES + tables
  }

  /** Returns the position of the key `bytes[from … to)`, -1 if it is not cached. */
  find(bytes: Uint8Array, from: number, to: number): number {
    if (this.#size === 0) return -1
    const hash = hashOfKey(bytes, from, to)
    const position = this.#findIn(this.#slots, hash, bytes, from, to)
    if (position >= 0 || this.#before === undefined) return position
    return this.#findIn(this.#before, hash, bytes, from, to)
  }

  #findIn(slots: Uint32Array, hash: number, bytes: Uint8Array, from: number, to: number): number {
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const position = slots[slot]! - 1
      if (position < 0) return -1
      if (position === EVICTED - 1) continue
      const { words, bytes: stored } = this.#segments[position >>> SEGMENT_SHIFT]!
      const word = position & (SEGMENT_WORDS - 1)
      if (words[word] !== hash || words[word + 1] !== to - from) continue
      let at = 4 * (word + HEADER_WORDS)
      let i = from
      while (i < to && stored[at] === bytes[i]) {
        i++
        at++
      }
      if (i === to) return position
    }
  }

  /** Bytes of the value at a position; -1 if the key does not exist. */
  valueBytes(position: number): number {
    const { words } = this.#segments[position >>> SEGMENT_SHIFT]!
    const length = words[(position & (SEGMENT_WORDS - 1)) + 2]!
    return length === NO_VALUE ? -1 : length
  }

  /** Returns a copy of the value of a key: `null` if the key does not exist, `undefined` if it is not cached. */
  valueOf(key: Uint8Array): Uint8Array | null | undefined {
    const position = this.find(key, 0, key.length)
    if (position < 0) return undefined
    const length = this.valueBytes(position)
    if (length < 0) return null
    const { words, bytes } = this.#segments[position >>> SEGMENT_SHIFT]!
    const word = position & (SEGMENT_WORDS - 1)
    const end = 4 * (word + HEADER_WORDS) + words[word + 1]! + words[word + 3]! - 2
    return Buffer.from(bytes.subarray(end - length, end))
  }

  /** Returns copies of the values of keys; `undefined` if one is not cached, or they take more than `maxBytes`. */
  valuesOf(keys: readonly Uint8Array[], maxBytes: number): (Uint8Array | undefined)[] | undefined {
    const values: (Uint8Array | undefined)[] = []
    let bytes = 0
    for (const key of keys) {
      const value = this.valueOf(key)
      bytes += value?.length ?? 0
      if (value === undefined || bytes > maxBytes) return undefined
      values.push(value ?? undefined)
    }
    return values
  }

  /** Appends the reply at a position of an existing value. */
  appendTo(out: ReplyBuffer, position: number): void {
    const { words, view } = this.#segments[position >>> SEGMENT_SHIFT]!
    const word = position & (SEGMENT_WORDS - 1)
    const start = 4 * (word + HEADER_WORDS) + words[word + 1]!
    out.rawPart(view, start, start + words[word + 3]!)
  }

  /** Caches the value of a key that is not cached; `undefined` if the key does not exist. */
  set(key: Uint8Array, value: Uint8Array | undefined): void {
    const head = value === undefined ? '' : `$${value.length}\r\n`
    const replyBytes = value === undefined ? 0 : head.length + value.length + 2
    const length = HEADER_WORDS * 4 + key.length + replyBytes
    if (length > LARGEST_BYTES || this.#maxSegments === 0) return
    if (this.find(key, 0, key.length) >= 0) return
    const words = Math.ceil(length / 4)
    if (this.#before !== undefined) this.#move(this.#before)
    const segment = this.#room(words)
    if (2 * (this.#size + 1) > this.#slots.length && !this.#grow()) this.#evict(this.#oldest())
    const word = segment.end
    segment.end += words
    const hash = hashOfKey(key)
    segment.words[word] = hash
    segment.words[word + 1] = key.length
    segment.words[word + 2] = value === undefined ? NO_VALUE : value.length
    segment.words[word + 3] = replyBytes
    let at = 4 * (word + HEADER_WORDS)
    segment.bytes.set(key, at)
    if (value !== undefined) {
      at += key.length
      at += segment.bytes.write(head, at, 'latin1')
      segment.bytes.set(value, at)
      segment.bytes[at + value.length] = 13
      segment.bytes[at + value.length + 1] = 10
    }
    this.#insert(this.#current * SEGMENT_WORDS + word, hash)
    this.#size++
  }

  clear(): void {
    this.#segments = []
    this.#current = 0
    this.#slots = new Uint32Array(FIRST_SLOTS)
    this.#before = undefined
    this.#size = 0
  }

  /** Returns the current segment, after making room for `words` in it. */
  #room(words: number): Segment {
    let segment = this.#segments[this.#current]
    if (segment !== undefined && segment.end + words <= SEGMENT_WORDS) return segment
    if (segment !== undefined) this.#current = (this.#current + 1) % this.#maxSegments
    segment = this.#segments[this.#current]
    if (segment !== undefined) {
      this.#evict(this.#current)
      return segment
    }
    const bytes = Buffer.allocUnsafeSlow(SEGMENT_BYTES)
    const { buffer } = bytes
    segment = { bytes, words: new Uint32Array(buffer), view: new DataView(buffer), end: 0 }
    this.#segments.push(segment)
    return segment
  }

  /** The oldest segment with entries: a full table may have emptied some before. */
  #oldest(): number {
    const { length } = this.#segments
    let index = (this.#current + 1) % length
    while (index !== this.#current && this.#segments[index]!.end === 0) index = (index + 1) % length
    return index
  }

  /** Removes the entries of a segment. */
  #evict(index: number): void {
    const segment = this.#segments[index]!
    const { words } = segment
    for (let word = 0; word < segment.end;) {
      this.#remove(index * SEGMENT_WORDS + word, words[word]!)
      const bytes = HEADER_WORDS * 4 + words[word + 1]! + words[word + 3]!
      word += Math.ceil(bytes / 4)
      this.#size--
    }
    segment.end = 0
  }

  #insert(position: number, hash: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hash & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = position + 1
  }

  #remove(position: number, hash: number): void {
    const before = this.#before
    if (before !== undefined) {
      const mask = before.length - 1
      let slot = hash & mask
      while (before[slot] !== 0 && before[slot] !== position + 1) slot = (slot + 1) & mask
      if (before[slot] !== 0) {
        before[slot] = EVICTED
        if (slot >= this.#moved) return
      }
    }
    const slots = this.#slots
    const mask = slots.length - 1
    let free = hash & mask
    while (slots[free] !== position + 1) free = (free + 1) & mask
    // Moves later entries of the run back, so that no search stops at the gap.
    for (let slot = (free + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#hashAt(slots[slot]! - 1) & mask
      if (((slot - home) & mask) < ((slot - free) & mask)) continue
      slots[free] = slots[slot]!
      free = slot
    }
    slots[free] = 0
  }

  #hashAt(position: number): number {
    return this.#segments[position >>> SEGMENT_SHIFT]!.words[position & (SEGMENT_WORDS - 1)]!
  }

  /** Starts a table of twice the size; false if it has its maximum size. */
  #grow(): boolean {
    const before = this.#slots
    if (2 * before.length > this.#maxSlots) return false
    while (this.#before !== undefined) this.#move(this.#before)
    this.#slots = new Uint32Array(2 * before.length)
    this.#before = before
    this.#moved = 0
    return true
  }

  /** Moves some entries of the previous table. */
  #move(before: Uint32Array): void {
    const end = Math.min(before.length, this.#moved + MOVES)
    for (; this.#moved < end; this.#moved++) {
      const slot = before[this.#moved]!
      if (slot !== 0 && slot !== EVICTED) this.#insert(slot - 1, this.#hashAt(slot - 1))
    }
    if (end === before.length) this.#before = undefined
  }
}
