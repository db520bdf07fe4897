import { invalidArgument } from '../error.js'

// The packed layout of a chunk. Little-endian; every number is an unsigned 32-bit word.
//
//   word 0   magic "SFC1"
//   word 1   count       entries in the chunk
//   word 2   dataOffset  byte offset of the data; at least 16 + 8 * count, a multiple of 8
//   word 3   dataBytes   bytes of data in use
//   byte 16  ends[2 * count]: end of key i, end of value i, relative to dataOffset
//   dataOffset           key 0, value 0, key 1, value 1, … without gaps
//
// There may be unused room between the table and the data and behind the data.
const MAGIC = 0x31434653
const HEADER_BYTES = 16
const MAX_DATA_BYTES = 0xffff_ffff

/** A stored key and its value. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array]

/**
 * Many entries packed in one `ArrayBuffer`, which can be moved to another thread as a whole.
 *
 * Shape: `key(i)` and `value(i)` are views into `buffer`.
 */
export class EntryChunk implements Iterable<Entry> {
  /** All entries, in one buffer. */
  readonly buffer: ArrayBuffer
  /** Number of entries. */
  readonly count: number
  /** Keys and values back to back, in entry order. */
  readonly data: Uint8Array
  /** End of key i at `[2i]`, end of value i at `[2i + 1]`, relative to `data`. */
  readonly ends: Uint32Array

  /** Wraps a packed buffer. Errors: INVALID_ARGUMENT when its header is not one. */
  constructor(buffer: ArrayBuffer) {
    const header = new Uint32Array(buffer, 0, HEADER_BYTES / 4)
    const [magic, count, offset, bytes] = header as unknown as [number, number, number, number]
    const fits = offset >= HEADER_BYTES + 8 * count && offset + bytes <= buffer.byteLength
    if (magic !== MAGIC || !fits) throw invalidArgument('EntryChunk: not a packed chunk')
    this.buffer = buffer
    this.count = count
    this.ends = new Uint32Array(buffer, HEADER_BYTES, 2 * count)
    this.data = new Uint8Array(buffer, offset, bytes)
  }

  /** The key of entry `i`, a view of the buffer. */
  key(i: number): Uint8Array {
    return this.#view(i === 0 ? 0 : this.ends[2 * i - 1]!, this.ends[2 * i]!)
  }

  /** The value of entry `i`, a view of the buffer. */
  value(i: number): Uint8Array {
    return this.#view(this.ends[2 * i]!, this.ends[2 * i + 1]!)
  }

  *[Symbol.iterator](): IterableIterator<Entry> {
    for (let i = 0; i < this.count; i++) yield [this.key(i), this.value(i)]
  }

  #view(from: number, to: number): Uint8Array {
    return new Uint8Array(this.buffer, this.data.byteOffset + from, to - from)
  }
}

/** Fills a chunk; `finish()` hands the buffer over. */
export class ChunkBuilder {
  #buffer: ArrayBuffer
  #ends: Uint32Array
  #dataOffset: number
  data: Uint8Array
  count = 0
  /** Bytes of data in use. */
  bytes = 0
  /** Where the key added last is in the data. */
  lastKeyStart = 0
  lastKeyBytes = 0

  constructor(entries: number, bytes: number) {
    this.#dataOffset = HEADER_BYTES + 8 * entries
    this.#buffer = new ArrayBuffer(this.#dataOffset + bytes)
    this.#ends = new Uint32Array(this.#buffer, HEADER_BYTES, 2 * entries)
    this.data = new Uint8Array(this.#buffer, this.#dataOffset)
  }

  /** Makes room for more entries and bytes; false if a chunk cannot hold that many. */
  reserve(entries: number, bytes: number): boolean {
    const wanted = this.bytes + bytes
    if (wanted > MAX_DATA_BYTES) return false
    if (2 * (this.count + entries) <= this.#ends.length && wanted <= this.data.length) return true
    const room = Math.max(this.#ends.length / 2, 2 * this.count, this.count + entries)
    const bigger = new ChunkBuilder(
      room,
      Math.max(wanted, Math.min(2 * this.data.length, MAX_DATA_BYTES)),
    )
    bigger.#ends.set(this.#ends.subarray(0, 2 * this.count))
    bigger.data.set(this.data.subarray(0, this.bytes))
    this.#buffer = bigger.#buffer
    this.#ends = bigger.#ends
    this.#dataOffset = bigger.#dataOffset
    this.data = bigger.data
    return true
  }

  /** Adds an entry whose bytes are already at the end of the data. */
  end(keyBytes: number, valueBytes: number): void {
    const at = 2 * this.count++
    this.lastKeyStart = this.bytes
    this.lastKeyBytes = keyBytes
    this.#ends[at] = this.bytes + keyBytes
    this.bytes += keyBytes + valueBytes
    this.#ends[at + 1] = this.bytes
  }

  finish(): EntryChunk {
    const header = new Uint32Array(this.#buffer, 0, HEADER_BYTES / 4)
    header.set([MAGIC, this.count, this.#dataOffset, this.bytes])
    return new EntryChunk(this.#buffer)
  }
}
