import { ChunkBuilder } from '../../chunk/chunk-builder.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { ShardyfusionError } from '../../errors.js'
import { invalidValue } from '../../errors/error-factories.js'

// Rows on a pipe: for each row the length of its key and of its value, both unsigned 64-bit and
// little-endian, then key and value. The last frame has the key length 2^64-1 and the number of
// rows as value length: without it, a producer that was killed between two rows would look
// finished.

const HEADER_BYTES = 16
const END = 0xffff_ffff_ffff_ffffn
/** Size of the yielded chunks. */
const CHUNK_BYTES = 256 * 1024

/**
 * Packs frames of rows from a pipe into chunks.
 *
 * Memory: about one chunk and the largest row. Errors: SHARD_INVALID_VALUE for a stream that ends
 * early, continues after its end, or is malformed.
 */
export async function* readEntryFrames(
  stream: AsyncIterable<Uint8Array>,
  where = 'readEntryFrames',
): AsyncGenerator<EntryChunk> {
  const builder = new ChunkBuilder()
  let pieces: Uint8Array[] = []
  let held = 0
  // The number of bytes needed to continue, so that a large row is assembled once.
  let needed = HEADER_BYTES
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
    needed = HEADER_BYTES
    while (bytes.length - at >= HEADER_BYTES) {
      const keyBytes = view.getBigUint64(at, true)
      if (keyBytes === END) {
        const announced = view.getBigUint64(at + 8, true)
        if (announced !== BigInt(rows))
          throw broken(where, `it announces ${announced} rows, but has ${rows}`)
        at += HEADER_BYTES
        ended = true
        if (at < bytes.length) throw broken(where, `it continues after its end, after ${rows} rows`)
        break
      }
      const key = lengthAt(view, at, where, rows)
      const value = lengthAt(view, at + 8, where, rows)
      const start = at + HEADER_BYTES
      if (start + key + value > bytes.length) {
        needed = HEADER_BYTES + key + value
        break
      }
      builder.push(
        bytes.subarray(start, start + key),
        bytes.subarray(start + key, start + key + value),
      )
      rows++
      at = start + key + value
      if (builder.bytes >= CHUNK_BYTES) yield builder.finish()
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
