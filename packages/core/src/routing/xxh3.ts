export { xxh3 } from '#node/routing/xxh3-digest'

// Below: the specification's input case of 4 to 8 bytes, with length 8 and seed 0. Words are 32-bit
// halves of its 64-bit numbers; products take the low 64 bits.

/** Bytes 8–15 of the default secret XOR bytes 16–23: the "bitflip" mask. */
const FLIP_HIGH = 0xc73ab174
const FLIP_LOW = 0xc5ecd5a2
/** PRIME_MX2 of the specification, and its low half again in 16-bit parts. */
const PRIME_HIGH = 0x9fb21c65
const PRIME_LOW = 0x1e98df25
const PRIME_LOW_0 = 0xdf25
const PRIME_LOW_1 = 0x1e98
const INPUT_LENGTH = 8

/** Up to here, a remainder and 16 more bits fit one word. */
const MAX_SHORT_SHARDS = 2 ** 16
/** Up to here, `(high mod shards) * 2^32 + low` stays below 2^53, so that doubles are exact. */
const MAX_DOUBLE_SHARDS = 2 ** 21

/** High and low word of the digest that `digestOfInt` computed last. */
const digest = new Uint32Array(2)
/** Splits bigints; like `digest`, used within one synchronous call only. */
const scratch = new DataView(new ArrayBuffer(8))

/**
 * Computes `digest mod shards` for an 8-byte input given as two little-endian words: the hot path
 * of integer keys.
 *
 * Units: `lo` and `hi` are the first and last four bytes, as any 32-bit integer; `shards` is 1 to
 * 2^31. Source: the xxHash specification (XXH3 64-bit, small inputs); written out because a call
 * into the binding, with a bigint result and a bigint modulo, costs about ten times as much.
 */
export function xxh3ShardOfInt(lo: number, hi: number, shards: number): number {
  digestOfInt(lo, hi)
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
  digestOfInt(scratch.getInt32(0, true), scratch.getInt32(4, true))
  return (BigInt(digest[0]!) << 32n) | BigInt(digest[1]!)
}

function digestOfInt(lo: number, hi: number): void {
  // The first input word is the high half of the state.
  const h0 = lo ^ FLIP_HIGH
  const l0 = hi ^ FLIP_LOW
  // x ^= rotl(x, 49) ^ rotl(x, 24); a rotation by 49 is one by 17 with the halves swapped.
  const h1 = h0 ^ ((l0 << 17) | (h0 >>> 15)) ^ ((h0 << 24) | (l0 >>> 8))
  const l1 = l0 ^ ((h0 << 17) | (l0 >>> 15)) ^ ((l0 << 24) | (h0 >>> 8))
  // x *= PRIME; x ^= (x >> 35) + length
  const h2 = primeTimesHigh(h1, l1)
  const l2 = Math.imul(l1, PRIME_LOW) ^ ((h2 >>> 3) + INPUT_LENGTH)
  // x *= PRIME; x ^= x >> 28
  const h3 = primeTimesHigh(h2, l2)
  const l3 = Math.imul(l2, PRIME_LOW)
  digest[0] = h3 ^ (h3 >>> 28)
  digest[1] = l3 ^ ((h3 << 4) | (l3 >>> 28))
}

/** Returns the high word of `(h * 2^32 + l) * PRIME`. */
function primeTimesHigh(h: number, l: number): number {
  // High word of l * PRIME_LOW by 16-bit parts; no partial sum exceeds 32 bits.
  const l0 = l & 0xffff
  const l1 = l >>> 16
  const a = (Math.imul(l1, PRIME_LOW_0) + (Math.imul(l0, PRIME_LOW_0) >>> 16)) >>> 0
  const b = (Math.imul(l0, PRIME_LOW_1) + (a & 0xffff)) >>> 0
  const carried = Math.imul(l1, PRIME_LOW_1) + (a >>> 16) + (b >>> 16)
  return (carried + Math.imul(h, PRIME_LOW) + Math.imul(l, PRIME_HIGH)) | 0
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
