import { invalidValue } from '../errors/error-factories.js'
import type { Entry } from '../types.js'
import type { BufferPool } from './buffer-pool.js'
import { EntryChunk } from './entry-chunk.js'
import { dataOffsetFor, ENDS_OFFSET, MAX_DATA_BYTES, writeHeader } from './layout.js'

const NOTHING = new ArrayBuffer(0)
// Maximum initial capacity of a builder, so that one huge value has no lasting effect.
const MAX_GUESS_BYTES = 4 * 1024 * 1024

/**
 * Packs entries into an {@link EntryChunk}, growing as needed; `finish()` hands the buffer over.
 *
 * A reused builder allocates the size of its last chunk at once: growing step by step costs more
 * than the rest of packing.
 */
export class ChunkBuilder {
  readonly #buffers: BufferPool | undefined
  #entries: number
  #room: number
  #buffer = NOTHING
  #ends = new Uint32Array(NOTHING)
  #data = new Uint8Array(NOTHING)
  #count = 0
  #bytes = 0

  /**
   * `entries` and `bytes` are the initial capacity, not limits; `buffers` provides used buffers if
   * it can.
   */
  constructor(entries = 64, bytes = 4096, buffers?: BufferPool) {
    this.#buffers = buffers
    this.#entries = Math.max(1, entries)
    this.#room = Math.max(64, bytes)
  }

  /** Entries so far. */
  get count(): number {
    return this.#count
  }

  /** Bytes of keys and values packed so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Copies an entry. */
  push(key: Uint8Array, value: Uint8Array): void {
    const end = this.#bytes + key.length + value.length
    if (2 * this.#count === this.#ends.length || end > this.#data.length) {
      this.#grow(end, this.#count + 1)
    }
    const data = this.#data
    // Copying a short key byte by byte is several times cheaper than set().
    let at = this.#bytes
    if (key.length <= 16) for (let i = 0; i < key.length; i++) data[at + i] = key[i]!
    else data.set(key, at)
    at += key.length
    data.set(value, at)
    this.#ends[2 * this.#count] = at
    this.#ends[2 * this.#count + 1] = end
    this.#count++
    this.#bytes = end
  }

  /** Packs an entry whose value begins with one byte more, the tag. */
  pushTagged(key: Uint8Array, tag: number, value: Uint8Array): void {
    const at = this.#bytes + key.length
    const end = at + 1 + value.length
    if (2 * this.#count === this.#ends.length || end > this.#data.length) {
      this.#grow(end, this.#count + 1)
    }
    this.#data.set(key, this.#bytes)
    this.#data[at] = tag
    this.#data.set(value, at + 1)
    this.#ends[2 * this.#count] = at
    this.#ends[2 * this.#count + 1] = end
    this.#count++
    this.#bytes = end
  }

  /** Packs the entries from `start` up to `end` of a chunk, copying their bytes at once. */
  pushRun(chunk: EntryChunk, start: number, end: number): void {
    const from = start === 0 ? 0 : chunk.ends[2 * start - 1]!
    const length = chunk.ends[2 * end - 1]! - from
    const count = this.#count + end - start
    if (2 * count > this.#ends.length || this.#bytes + length > this.#data.length) {
      this.#grow(this.#bytes + length, count)
    }
    copyRun(chunk, from, length, this.#data, this.#bytes)
    const moved = this.#bytes - from
    for (let i = 2 * start, at = 2 * this.#count; i < 2 * end; i++) {
      this.#ends[at++] = chunk.ends[i]! + moved
    }
    this.#count = count
    this.#bytes += length
  }

  /**
   * Returns the packed chunk. The builder is then empty, without a buffer, and may be used again.
   */
  finish(): EntryChunk {
    if (this.#buffer === NOTHING) this.#grow(0, 0)
    const buffer = this.#buffer
    const dataOffset = this.#data.byteOffset
    writeHeader(buffer, this.#count, dataOffset, this.#bytes)
    const chunk = EntryChunk.trusted(buffer, this.#count, dataOffset, this.#bytes)
    this.#entries = withSlack(this.#count)
    this.#room = Math.min(MAX_GUESS_BYTES, withSlack(this.#bytes))
    this.#buffer = NOTHING
    this.#ends = new Uint32Array(NOTHING)
    this.#data = new Uint8Array(NOTHING)
    this.#count = 0
    this.#bytes = 0
    return chunk
  }

  #grow(end: number, count: number): void {
    if (end > MAX_DATA_BYTES) {
      throw invalidValue(
        'EntryChunk',
        `a chunk holds at most ${MAX_DATA_BYTES} bytes, got ${end}; use smaller chunks`,
        { peer: null },
      )
    }
    const ends = this.#ends
    const data = this.#data
    const full = 2 * count > ends.length
    const entries = full ? Math.max(this.#entries, count, ends.length) : ends.length / 2
    let bytes = Math.max(this.#room, data.length)
    if (end > bytes) bytes = Math.min(MAX_DATA_BYTES, Math.max(end, bytes * 2))
    const dataOffset = dataOffsetFor(entries)
    const size = dataOffset + bytes
    this.#buffer = this.#buffers?.take(size) ?? new ArrayBuffer(size)
    this.#ends = new Uint32Array(this.#buffer, ENDS_OFFSET, entries * 2)
    this.#data = new Uint8Array(this.#buffer, dataOffset, bytes)
    this.#ends.set(ends.subarray(0, 2 * this.#count))
    this.#data.set(data.subarray(0, this.#bytes))
  }
}

/** Up to here copying byte by byte is several times cheaper than a view and set(). */
const SHORT_RUN_BYTES = 48

function copyRun(
  { buffer, data }: EntryChunk,
  from: number,
  length: number,
  to: Uint8Array,
  at: number,
): void {
  if (length <= SHORT_RUN_BYTES) for (let i = 0; i < length; i++) to[at + i] = data[from + i]!
  else to.set(new Uint8Array(buffer, data.byteOffset + from, length), at)
}

/** Slightly more than last time, so that a slightly larger chunk does not have to move. */
function withSlack(amount: number): number {
  return amount + (amount >>> 3) + 64
}

/** Packs the given entries into one chunk. */
export function packEntries(entries: Iterable<Entry>): EntryChunk {
  const builder = new ChunkBuilder()
  for (const [key, value] of entries) builder.push(key, value)
  return builder.finish()
}
