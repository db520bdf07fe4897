import {
  encodeId,
  endsOffset,
  VECTOR_MAGIC,
  VectorChunk,
  type VectorId,
  VECTORS_OFFSET,
} from './vector-chunk.js'

const NOTHING = new Uint8Array(0)

/** Packs vectors into a {@link VectorChunk}; `finish()` hands the chunk over. */
export class VectorChunkBuilder {
  /** Numbers in a vector. */
  readonly dimensions: number
  #vectors: Float32Array
  #ends: number[] = []
  #data = NOTHING
  #dataBytes = 0
  #count = 0

  constructor(dimensions: number) {
    this.dimensions = dimensions
    this.#vectors = new Float32Array(16 * dimensions)
  }

  /** Vectors so far. */
  get count(): number {
    return this.#count
  }

  /** Bytes so far. */
  get bytes(): number {
    return 4 * this.#count * this.dimensions + this.#dataBytes
  }

  /** `vector` has as many values as `dimensions`; `payload` is JSON text. */
  push(id: VectorId, vector: ArrayLike<number>, payload: Uint8Array | undefined): void {
    const at = this.#count * this.dimensions
    if (at + this.dimensions > this.#vectors.length) {
      const larger = new Float32Array(2 * this.#vectors.length)
      larger.set(this.#vectors)
      this.#vectors = larger
    }
    this.#vectors.set(vector, at)
    this.#add(encodeId(id))
    this.#add(payload ?? NOTHING)
    this.#count++
  }

  /** Returns the packed chunk; the builder is then empty. */
  finish(): VectorChunk {
    const [count, dimensions] = [this.#count, this.dimensions]
    const ends = endsOffset(count, dimensions)
    const dataOffset = ends + 8 * count
    const buffer = new ArrayBuffer(dataOffset + this.#dataBytes)
    new Uint32Array(buffer, 0, 5).set([
      VECTOR_MAGIC,
      count,
      dimensions,
      dataOffset,
      this.#dataBytes,
    ])
    new Float32Array(buffer, VECTORS_OFFSET, count * dimensions).set(
      this.#vectors.subarray(0, count * dimensions),
    )
    new Uint32Array(buffer, ends, 2 * count).set(this.#ends)
    new Uint8Array(buffer, dataOffset).set(this.#data.subarray(0, this.#dataBytes))
    const chunk = VectorChunk.trusted(buffer, count, dimensions, dataOffset, this.#dataBytes)
    this.#ends = []
    this.#dataBytes = 0
    this.#count = 0
    return chunk
  }

  #add(bytes: Uint8Array): void {
    const end = this.#dataBytes + bytes.length
    if (end > this.#data.length) {
      const larger = new Uint8Array(Math.max(1024, 2 * end))
      larger.set(this.#data.subarray(0, this.#dataBytes))
      this.#data = larger
    }
    this.#data.set(bytes, this.#dataBytes)
    this.#dataBytes = end
    this.#ends.push(end)
  }
}
