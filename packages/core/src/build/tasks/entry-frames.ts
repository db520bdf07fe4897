import { ChunkBuilder } from '../../chunk/chunk-builder.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import { parsePayload } from '../../chunk/hit-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import { VectorChunkBuilder } from '../../chunk/vector-chunk-builder.js'
import { decodeKey } from '../../keys/stored-bytes.js'
import type { KeyEncoding } from '../../types.js'
import { vectorIdOf } from '../rows/vector-row.js'
import type { ShardyfusionError } from '../../errors.js'
import { invalidValue } from '../../errors/error-factories.js'

// Rows on a pipe: for each row the length of its key and of its value, both unsigned 64-bit and
// little-endian, then key and value. The last frame has the key length 2^64-1 and the number of
// rows as value length: without it, a producer that was killed between two rows would look
// finished.
//
// In a build with vectors, two more numbers follow the lengths: the bytes of the vector (float32,
// little-endian; 0 if the row has none) and of its payload (JSON text; 0 for none). Both follow the
// value. The last frame has zeros there.

const HEADER_BYTES = 16
const VECTOR_HEADER_BYTES = 32
const END = 0xffff_ffff_ffff_ffffn
/** Size of the yielded chunks. */
const CHUNK_BYTES = 256 * 1024

/**
 * Packs frames of rows from a pipe into chunks.
 *
 * Memory: about one chunk and the largest row. Errors: SHARD_INVALID_VALUE for a stream that ends
 * early, continues after its end, or is malformed.
 */
export function readEntryFrames(
  stream: AsyncIterable<Uint8Array>,
  where = 'readEntryFrames',
): AsyncGenerator<EntryChunk> {
  return readFrames(stream, where, undefined) as AsyncGenerator<EntryChunk>
}

/** The same for a build with vectors, which come in chunks between those of the rows. */
export function readVectorFrames(
  stream: AsyncIterable<Uint8Array>,
  vectors: FrameVectors,
  where = 'readVectorFrames',
): AsyncGenerator<EntryChunk | VectorChunk> {
  return readFrames(stream, where, vectors)
}

async function* readFrames(
  stream: AsyncIterable<Uint8Array>,
  where: string,
  vectors: FrameVectors | undefined,
): AsyncGenerator<EntryChunk | VectorChunk> {
  const builder = new ChunkBuilder()
  const packer = vectors && new VectorFrames(vectors, where)
  const header = vectors === undefined ? HEADER_BYTES : VECTOR_HEADER_BYTES
  let pieces: Uint8Array[] = []
  let held = 0
  // The number of bytes needed to continue, so that a large row is assembled once.
  let needed = header
  let rows = 0
  let ended = false
  for await (const piece of stream) {
    if (ended && piece.length > 0)
      throw broken(where, `it continues after its end, after ${rows} rows`)
    pieces.push(piece)
    held += piece.length
    if (held < needed) continue
    const bytes = pieces.length === 1 ? piece : joined(pieces, held)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let at = 0
    needed = header
    while (bytes.length - at >= header) {
      const keyBytes = view.getBigUint64(at, true)
      if (keyBytes === END) {
        const announced = view.getBigUint64(at + 8, true)
        if (announced !== BigInt(rows))
          throw broken(where, `it announces ${announced} rows, but has ${rows}`)
        at += header
        ended = true
        if (at < bytes.length) throw broken(where, `it continues after its end, after ${rows} rows`)
        break
      }
      const key = lengthAt(view, at, where, rows)
      const value = lengthAt(view, at + 8, where, rows)
      const vector = packer === undefined ? 0 : lengthAt(view, at + 16, where, rows)
      const payload = packer === undefined ? 0 : lengthAt(view, at + 24, where, rows)
      const start = at + header
      const end = start + key + value + vector + payload
      if (end > bytes.length) {
        needed = end - at
        break
      }
      builder.push(
        bytes.subarray(start, start + key),
        bytes.subarray(start + key, start + key + value),
      )
      packer?.add(bytes, start, { key, value, vector, payload }, rows)
      rows++
      at = end
      if (builder.bytes >= CHUNK_BYTES) yield builder.finish()
      if (packer !== undefined && packer.bytes >= CHUNK_BYTES) yield packer.finish()
    }
    held = bytes.length - at
    pieces = held === 0 ? [] : [bytes.subarray(at)]
  }
  if (!ended) {
    throw broken(
      where,
      `it ends without an end frame, after ${rows} rows; its producer may have been killed`,
    )
  }
  if (builder.count > 0) yield builder.finish()
  if (packer !== undefined && packer.count > 0) yield packer.finish()
}

/** The vectors of a build, whose ids are the keys of their rows. */
export interface FrameVectors {
  /** Numbers in a vector. */
  readonly dimensions: number
  /** How keys are stored. */
  readonly keyEncoding: KeyEncoding
}

/** Packs the vectors of frames. */
class VectorFrames {
  readonly #vectors: FrameVectors
  readonly #where: string
  readonly #builder: VectorChunkBuilder

  constructor(vectors: FrameVectors, where: string) {
    this.#vectors = vectors
    this.#where = where
    this.#builder = new VectorChunkBuilder(vectors.dimensions)
  }

  get bytes(): number {
    return this.#builder.bytes
  }

  get count(): number {
    return this.#builder.count
  }

  finish(): VectorChunk {
    return this.#builder.finish()
  }

  add(
    bytes: Uint8Array,
    start: number,
    { key, value, vector, payload }: Record<'key' | 'value' | 'vector' | 'payload', number>,
    row: number,
  ): void {
    if (vector === 0) return
    const { dimensions, keyEncoding } = this.#vectors
    if (vector !== 4 * dimensions) {
      throw invalidValue(
        this.#where,
        `the vector of row ${row} must have ${4 * dimensions} bytes (${dimensions} values of float32), got ${vector}`,
      )
    }
    const at = start + key + value
    // Copies: `slice` of a Buffer would share its memory.
    const own = new Uint8Array(bytes.subarray(at, at + vector))
    const text =
      payload === 0 ? undefined : new Uint8Array(bytes.subarray(at + vector, at + vector + payload))
    if (text !== undefined) parsePayload(text)
    const id = vectorIdOf(decodeKey(bytes.subarray(start, start + key), keyEncoding), this.#where)
    this.#builder.push(id, new Float32Array(own.buffer), text)
  }
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function lengthAt(view: DataView, at: number, where: string, rows: number): number {
  const length = view.getUint32(at, true)
  // A longer frame than a chunk can hold is not a row but other data on the pipe.
  if (view.getUint32(at + 4, true) !== 0)
    throw broken(where, `row ${rows} has an impossible length`)
  return length
}

function broken(where: string, problem: string): ShardyfusionError {
  return invalidValue(
    where,
    'a stream of rows must be frames of key length, value length (u64, little-endian), key and value, and one ' +
      `of 2^64-1 and the number of rows at the end; ${problem}`,
  )
}
