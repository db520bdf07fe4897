import { HitChunk, type PackedResults } from '@shardyfusion/core/internal'
import { decodeValues, encodeValues } from './frame.js'

// Results of searches as bytes: duration (float64), searched shards, bytes of the hits (words of 32 bits), the packed
// hits, and the values of their rows, if they were asked for.

const HEADER_BYTES = 16

export function encodeResults({
  hits,
  values,
  shardsQueried,
  durationMs,
}: PackedResults): Uint8Array {
  const packed = new Uint8Array(hits.buffer)
  const rows =
    values === undefined
      ? new Uint8Array(0)
      : encodeValues(values as readonly (Uint8Array | undefined)[])
  const reply = new Uint8Array(HEADER_BYTES + packed.length + rows.length)
  const view = new DataView(reply.buffer)
  view.setFloat64(0, durationMs, true)
  view.setUint32(8, shardsQueried, true)
  view.setUint32(12, packed.length, true)
  reply.set(packed, HEADER_BYTES)
  reply.set(rows, HEADER_BYTES + packed.length)
  return reply
}

/** `withValues` as the caller asked for it. */
export function decodeResults(reply: Uint8Array, withValues: boolean): PackedResults {
  const view = new DataView(reply.buffer, reply.byteOffset, reply.byteLength)
  const end = HEADER_BYTES + view.getUint32(12, true)
  // A new buffer, in which the numbers of hits are aligned.
  const hits = HitChunk.fromBuffer(reply.slice(HEADER_BYTES, end).buffer)
  return {
    hits,
    values: withValues ? decodeValues(reply.subarray(end), hits.count) : undefined,
    shardsQueried: view.getUint32(8, true),
    durationMs: view.getFloat64(0, true),
  }
}
