import { EntryChunk } from './entry-chunk.js'
import { VECTOR_MAGIC, VectorChunk } from './vector-chunk.js'

/** Reads a packed buffer of either kind. Errors: SHARD_ENGINE. */
export function chunkFromBuffer(buffer: ArrayBuffer): EntryChunk | VectorChunk {
  const [magic] = buffer.byteLength < 4 ? [] : new Uint32Array(buffer, 0, 1)
  return magic === VECTOR_MAGIC ? VectorChunk.fromBuffer(buffer) : EntryChunk.fromBuffer(buffer)
}
