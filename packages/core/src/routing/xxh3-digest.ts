// A static import: `route()` is synchronous, so a dynamic import would affect every caller, and the
// binding loads in about 20 ms without side effects.
import { xxh3 as native } from '@node-rs/xxhash'

/**
 * XXH3 64-bit digest, seed 0, default secret, as an unsigned integer.
 *
 * A string is hashed as its UTF-8, which the binding produces faster than a TextEncoder; it must be
 * well-formed. Source: the xxHash specification (XXH3 algorithm).
 */
export function xxh3(input: Uint8Array | string): bigint {
  return native.xxh64(input)
}
