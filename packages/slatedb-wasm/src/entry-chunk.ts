import { SlateDbError } from './error.js'

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

/** A stored key and its value. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array]

/**
 * Many entries packed in one `ArrayBuffer`, the unit in which they cross to the engine and back.
 *
 * Shape: `key(i)` and `value(i)` are views into `buffer`.
 */
export class EntryChunk implements Iterable<Entry> {
  /** All entries, in one buffer. */
  readonly buffer: ArrayBuffer
  /** Number of entries. */
  readonly count: number
  readonly #data: Uint8Array
  readonly #ends: Uint32Array

  /** Wraps a packed buffer. Errors: Invalid when its header is not one. */
  constructor(buffer: ArrayBuffer) {
    const header = new Uint32Array(buffer, 0, HEADER_BYTES / 4)
    const [magic, count, dataOffset, dataBytes] = header as unknown as [
      number,
      number,
      number,
      number,
    ]
    if (magic !== MAGIC || dataOffset < HEADER_BYTES + 8 * count) {
      throw new SlateDbError('Invalid', 'EntryChunk: not a packed chunk')
    }
    this.buffer = buffer
    this.count = count
    this.#ends = new Uint32Array(buffer, HEADER_BYTES, 2 * count)
    this.#data = new Uint8Array(buffer, dataOffset, dataBytes)
  }

  /** Packs entries; keys and values are copied. */
  static from(entries: readonly Entry[]): EntryChunk {
    let dataBytes = 0
    for (const [key, value] of entries) dataBytes += key.length + value.length
    const dataOffset = HEADER_BYTES + 8 * entries.length
    const buffer = new ArrayBuffer(dataOffset + dataBytes)
    new Uint32Array(buffer, 0, HEADER_BYTES / 4).set([MAGIC, entries.length, dataOffset, dataBytes])
    const ends = new Uint32Array(buffer, HEADER_BYTES, 2 * entries.length)
    const data = new Uint8Array(buffer, dataOffset)
    let end = 0
    let i = 0
    for (const entry of entries) {
      for (const part of entry) {
        data.set(part, end)
        end += part.length
        ends[i++] = end
      }
    }
    return new EntryChunk(buffer)
  }

  /** The key of entry `i`, a view of the buffer. */
  key(i: number): Uint8Array {
    return this.#data.subarray(i === 0 ? 0 : this.#ends[2 * i - 1], this.#ends[2 * i])
  }

  /** The value of entry `i`, a view of the buffer. */
  value(i: number): Uint8Array {
    return this.#data.subarray(this.#ends[2 * i], this.#ends[2 * i + 1])
  }

  *[Symbol.iterator](): IterableIterator<Entry> {
    for (let i = 0; i < this.count; i++) yield [this.key(i), this.value(i)]
  }
}

/** The bytes of a packed buffer without the unused room behind them. The engine checks them. */
export function packedBytes(buffer: ArrayBuffer): Uint8Array<ArrayBuffer> {
  if (buffer.byteLength < HEADER_BYTES) return new Uint8Array(buffer)
  const [, , dataOffset, dataBytes] = new Uint32Array(buffer, 0, HEADER_BYTES / 4)
  return new Uint8Array(buffer, 0, Math.min(buffer.byteLength, dataOffset! + dataBytes!))
}
