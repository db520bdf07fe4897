import { digestBytes, digestText, digestTo8 } from './xxh3-digest.js'
import { digest } from './xxh3-words.js'

const INT_BYTES = 8
/** Up to here, a remainder and 16 more bits fit one word. */
const MAX_SHORT_SHARDS = 2 ** 16
/** Up to here, `(high mod shards) * 2^32 + low` stays below 2^53, so that doubles are exact. */
const MAX_DOUBLE_SHARDS = 2 ** 21

/** Splits bigints; used within one synchronous call only. */
const scratch = new DataView(new ArrayBuffer(8))

/**
 * XXH3 64-bit digest, seed 0, default secret, as an unsigned integer.
 *
 * A string is hashed as its UTF-8; it must be well-formed. Source: the xxHash specification (XXH3
 * algorithm).
 */
export function xxh3(input: Uint8Array | string): bigint {
  if (typeof input === 'string') digestText(input)
  else digestBytes(input)
  return digestAsBigInt()
}

/** Computes `xxh3(input) mod shards` without a bigint; `shards` is 1 to 2^31. */
export function xxh3ShardOf(input: Uint8Array | string, shards: number): number {
  if (typeof input === 'string') digestText(input)
  else digestBytes(input)
  return wordsMod(digest[0]!, digest[1]!, shards)
}

/**
 * Computes `digest mod shards` for an 8-byte input given as two little-endian words: the hot path
 * of integer keys.
 *
 * Units: `lo` and `hi` are the first and last four bytes, as any 32-bit integer; `shards` is 1 to
 * 2^31.
 */
export function xxh3ShardOfInt(lo: number, hi: number, shards: number): number {
  digestTo8(lo, hi, INT_BYTES)
  return wordsMod(digest[0]!, digest[1]!, shards)
}

/** The same for a bigint, of which the low 64 bits count. */
export function xxh3ShardOfBigInt(value: bigint, shards: number): number {
  scratch.setBigUint64(0, value, true)
  return xxh3ShardOfInt(scratch.getInt32(0, true), scratch.getInt32(4, true), shards)
}

/** Returns the digest of such an integer: the result of `xxh3` for its 8 little-endian bytes. */
export function xxh3OfBigInt(value: bigint): bigint {
  scratch.setBigUint64(0, value, true)
  digestTo8(scratch.getInt32(0, true), scratch.getInt32(4, true), INT_BYTES)
  return digestAsBigInt()
}

function digestAsBigInt(): bigint {
  return (BigInt(digest[0]!) << 32n) | BigInt(digest[1]!)
}

// In this form, every operand up to 2^16 shards is provably an unsigned 32-bit word: V8 then
// divides integers, at a third of the cost of doubles.
function wordsMod(high: number, low: number, shards: number): number {
  if ((shards & (shards - 1)) === 0) return (low & (shards - 1)) >>> 0
  if (shards <= MAX_SHORT_SHARDS) {
    const divisor = shards >>> 0
    const rest = (high >>> 0) % divisor
    const upper = (((rest << 16) | (low >>> 16)) >>> 0) % divisor
    return (((upper << 16) | (low & 0xffff)) >>> 0) % divisor
  }
  if (shards <= MAX_DOUBLE_SHARDS) return ((high % shards) * 0x1_0000_0000 + low) % shards
  return Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(shards))
}
