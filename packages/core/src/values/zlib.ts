import { deflateSync, inflateSync } from 'node:zlib'

/** Compresses bytes as a zlib stream (RFC 1950). */
export function deflate(
  bytes: Uint8Array,
  level: number,
  dictionary: Uint8Array | undefined,
): Uint8Array {
  // A copy: zlib returns a part of a larger buffer.
  return new Uint8Array(deflateSync(bytes, { level, ...(dictionary && { dictionary }) }))
}

/** Decompresses a zlib stream. Errors: RangeError if it has more than `maxBytes`; Error if it is damaged. */
export function inflate(
  bytes: Uint8Array,
  maxBytes: number,
  dictionary: Uint8Array | undefined,
): Uint8Array {
  return new Uint8Array(
    inflateSync(bytes, { maxOutputLength: maxBytes, ...(dictionary && { dictionary }) }),
  )
}
