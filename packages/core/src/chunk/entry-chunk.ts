import type { ShardyfusionError } from '../errors.js'
import { engineError } from '../errors/error-factories.js'
import type { Entry } from '../types.js'
import {
  dataOffsetFor,
  ENDS_OFFSET,
  HEADER_BYTES,
  MAGIC,
  WORD_COUNT,
  WORD_DATA_BYTES,
  WORD_DATA_OFFSET,
  WORD_MAGIC,
  writeHeader,
} from './layout.js'

/**
 * Many entries packed in one `ArrayBuffer`: the unit that crosses every boundary of the SDK.
 *
 * Shape: `key(i)` and `value(i)` are views into `buffer`, valid until it is transferred. Source:
 * `chunk/layout.ts` describes the layout.
 */
export class EntryChunk implements Iterable<Entry> {
  /** The packed bytes; transfer it to move the whole chunk to another thread. */
  readonly buffer: ArrayBuffer
  /** Number of entries. */
  readonly count: number
  /** Keys and values without gaps, in entry order. */
  readonly data: Uint8Array
  /** End of key i at `[2i]`, end of value i at `[2i + 1]`, relative to `data`. */
  readonly ends: Uint32Array
  readonly #dataOffset: number

  private constructor(buffer: ArrayBuffer, count: number, data: Uint8Array, ends: Uint32Array) {
    this.buffer = buffer
    this.count = count
    this.data = data
    this.ends = ends
    this.#dataOffset = data.byteOffset
  }

  /**
   * Reads a packed buffer; checks the header, and that every offset is in order and in bounds.
   *
   * Errors: SHARD_ENGINE if the bytes are not a chunk.
   */
  static fromBuffer(buffer: ArrayBuffer): EntryChunk {
    if (buffer.byteLength < HEADER_BYTES)
      throw malformed(`${buffer.byteLength} bytes are too few for a header`)
    const header = new Uint32Array(buffer, 0, HEADER_BYTES / 4)
    const count = header[WORD_COUNT]!
    const dataOffset = header[WORD_DATA_OFFSET]!
    const dataBytes = header[WORD_DATA_BYTES]!
    if (header[WORD_MAGIC] !== MAGIC) throw malformed('wrong magic number')
    if (dataOffset < ENDS_OFFSET + count * 8 || dataOffset + dataBytes > buffer.byteLength) {
      throw malformed(
        `${count} entries and ${dataBytes} data bytes do not fit in ${buffer.byteLength} bytes`,
      )
    }
    const ends = new Uint32Array(buffer, ENDS_OFFSET, count * 2)
    let last = 0
    for (let i = 0; i < ends.length; i++) {
      const end = ends[i]!
      if (end < last) throw malformed('offsets run backwards')
      last = end
    }
    if (last !== dataBytes) throw malformed('offsets do not cover the data')
    return new EntryChunk(buffer, count, new Uint8Array(buffer, dataOffset, dataBytes), ends)
  }

  /** Wraps a buffer that this SDK has just packed, without checking it again. */
  static trusted(
    buffer: ArrayBuffer,
    count: number,
    dataOffset: number,
    dataBytes: number,
  ): EntryChunk {
    return new EntryChunk(
      buffer,
      count,
      new Uint8Array(buffer, dataOffset, dataBytes),
      new Uint32Array(buffer, ENDS_OFFSET, count * 2),
    )
  }

  /** Bytes of keys and values together, without the table of offsets. */
  get byteLength(): number {
    return this.data.byteLength
  }

  /** The key of entry `i`, a view of the buffer. */
  key(i: number): Uint8Array {
    this.#check(i)
    return this.#view(i === 0 ? 0 : this.ends[2 * i - 1]!, this.ends[2 * i]!)
  }

  /** The value of entry `i`, a view of the buffer. */
  value(i: number): Uint8Array {
    this.#check(i)
    return this.#view(this.ends[2 * i]!, this.ends[2 * i + 1]!)
  }

  /** Key and value of entry `i`, views of the buffer. */
  entry(i: number): Entry {
    return [this.key(i), this.value(i)]
  }

  /** Returns a packed copy of the entries from `start` up to `end`. */
  slice(start: number, end = this.count): EntryChunk {
    const from = start === 0 ? 0 : this.ends[2 * start - 1]!
    const count = Math.max(0, end - start)
    const data = this.data.subarray(from, count === 0 ? from : this.ends[2 * end - 1]!)
    const dataOffset = dataOffsetFor(count)
    const buffer = new ArrayBuffer(dataOffset + data.length)
    writeHeader(buffer, count, dataOffset, data.length)
    const chunk = EntryChunk.trusted(buffer, count, dataOffset, data.length)
    for (let i = 0; i < 2 * count; i++) chunk.ends[i] = this.ends[2 * start + i]! - from
    chunk.data.set(data)
    return chunk
  }

  *[Symbol.iterator](): IterableIterator<Entry> {
    for (let i = 0; i < this.count; i++) yield this.entry(i)
  }

  // At half the cost of subarray(), which looks up the kind of array to make.
  #view(from: number, to: number): Uint8Array {
    return new Uint8Array(this.buffer, this.#dataOffset + from, to - from)
  }

  #check(i: number): void {
    if (!(i >= 0 && i < this.count)) throw new RangeError(`EntryChunk: entry ${i} of ${this.count}`)
  }
}

function malformed(what: string): ShardyfusionError {
  return engineError('EntryChunk.fromBuffer', `not a packed chunk: ${what}`, { peer: null })
}
