import { engineError } from '../errors/error-factories.js'
import type { ShardyfusionError } from '../errors.js'

// The packed layout of a VectorChunk. Little-endian words of 32 bits:
//
//   word 0   magic "SFV1"
//   word 1   count        vectors in the chunk
//   word 2   dimensions   values of each vector
//   word 3   dataOffset   byte offset of ids and payloads
//   word 4   dataBytes    bytes of ids and payloads
//   byte 32  vectors[count * dimensions] of float32
//   then     ends[2 * count]: end of id i, end of payload i, relative to dataOffset
//   then     id 0, payload 0, id 1, payload 1, … without gaps
//
// An id is one letter, 'i' for an integer or 's' for text, then its decimal digits or UTF-8. A payload is JSON text; no
// bytes mean that there is none.

/** "SFV1" read as a little-endian word. */
export const VECTOR_MAGIC = 0x31564653
export const VECTORS_OFFSET = 32
const INTEGER_ID = 0x69
const TEXT_ID = 0x73

/** The id of a vector: as the caller gave it, or the key of its row. */
export type VectorId = bigint | string

/**
 * Many vectors packed in one `ArrayBuffer`, with their ids and payloads: the form in which they
 * travel next to an `EntryChunk`.
 *
 * Shape: vectors, ids and payloads are views into `buffer`, valid until it is transferred. Source: the
 * layout is described at the top of `chunk/vector-chunk.ts`.
 */
export class VectorChunk {
  /** The packed bytes; transfer it to move the whole chunk to another thread. */
  readonly buffer: ArrayBuffer
  /** Number of vectors. */
  readonly count: number
  /** Numbers in a vector. */
  readonly dimensions: number
  /** All values, `count` × `dimensions`. */
  readonly vectors: Float32Array
  readonly #ends: Uint32Array
  readonly #data: Uint8Array

  private constructor(
    buffer: ArrayBuffer,
    count: number,
    dimensions: number,
    dataOffset: number,
    dataBytes: number,
  ) {
    this.buffer = buffer
    this.count = count
    this.dimensions = dimensions
    this.vectors = new Float32Array(buffer, VECTORS_OFFSET, count * dimensions)
    this.#ends = new Uint32Array(buffer, endsOffset(count, dimensions), 2 * count)
    this.#data = new Uint8Array(buffer, dataOffset, dataBytes)
  }

  /** Reads a packed buffer and checks it. Errors: SHARD_ENGINE if the bytes are not such a chunk. */
  static fromBuffer(buffer: ArrayBuffer): VectorChunk {
    if (buffer.byteLength < VECTORS_OFFSET) throw malformed('too few bytes for a header')
    const [magic, count = 0, dimensions = 0, dataOffset = 0, dataBytes = 0] = new Uint32Array(
      buffer,
      0,
      VECTORS_OFFSET / 4,
    )
    if (magic !== VECTOR_MAGIC) throw malformed('wrong magic number')
    const ends = endsOffset(count, dimensions)
    if (dataOffset < ends + 8 * count || dataOffset + dataBytes > buffer.byteLength)
      throw malformed(`${count} vectors do not fit in ${buffer.byteLength} bytes`)
    let last = 0
    for (const [i, end] of new Uint32Array(buffer, ends, 2 * count).entries()) {
      if (end < last || (i % 2 === 0 && end === last)) throw malformed('offsets run backwards')
      last = end
    }
    if (last !== dataBytes) throw malformed('offsets do not cover the data')
    return new VectorChunk(buffer, count, dimensions, dataOffset, dataBytes)
  }

  /** Wraps a buffer that this SDK has just packed, without checking it again. */
  static trusted(
    buffer: ArrayBuffer,
    count: number,
    dimensions: number,
    dataOffset: number,
    dataBytes: number,
  ): VectorChunk {
    return new VectorChunk(buffer, count, dimensions, dataOffset, dataBytes)
  }

  /** Bytes of vectors, ids and payloads together. */
  get byteLength(): number {
    return this.vectors.byteLength + this.#data.byteLength
  }

  /** The numbers of vector `i`, a view of the buffer. */
  vector(i: number): Float32Array {
    this.#check(i)
    return this.vectors.subarray(i * this.dimensions, (i + 1) * this.dimensions)
  }

  /** Id of vector `i`. */
  id(i: number): VectorId {
    return decodeId(this.idBytes(i))
  }

  /** The packed form of an id. */
  idBytes(i: number): Uint8Array {
    this.#check(i)
    return this.#data.subarray(i === 0 ? 0 : this.#ends[2 * i - 1]!, this.#ends[2 * i]!)
  }

  /** JSON text, or `undefined`. */
  payload(i: number): Uint8Array | undefined {
    this.#check(i)
    const bytes = this.#data.subarray(this.#ends[2 * i]!, this.#ends[2 * i + 1]!)
    return bytes.length === 0 ? undefined : bytes
  }

  /** Returns a copy in a new buffer. */
  copy(): VectorChunk {
    return VectorChunk.fromBuffer(this.buffer.slice(0))
  }

  #check(i: number): void {
    if (!(i >= 0 && i < this.count))
      throw new RangeError(`VectorChunk: vector ${i} of ${this.count}`)
  }
}

export function endsOffset(count: number, dimensions: number): number {
  return VECTORS_OFFSET + 4 * count * dimensions
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function encodeId(id: VectorId): Uint8Array {
  return encoder.encode(typeof id === 'bigint' ? `i${id}` : `s${id}`)
}

/** Errors: SHARD_ENGINE for other bytes than those of `encodeId`. */
export function decodeId(bytes: Uint8Array): VectorId {
  const text = decoder.decode(bytes.subarray(1))
  if (bytes[0] === TEXT_ID) return text
  if (bytes[0] === INTEGER_ID && /^-?\d{1,4300}$/.test(text)) return BigInt(text)
  throw malformed('an id is neither an integer nor text')
}

function malformed(problem: string): ShardyfusionError {
  return engineError('VectorChunk.fromBuffer', `not a packed chunk: ${problem}`, { peer: null })
}
