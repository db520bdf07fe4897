// Arithmetic on 64-bit numbers as two 32-bit words, each a number from 0 to 2^32 - 1. Numbers are
// doubles here, because a product of doubles has its upper 32 bits at the cost of one instruction;
// 16-bit parts or bigints cost several times as much.

/** 2^-32: the high word of an exact multiple of 2^32. */
const DOWN = 2 ** -32

/** The default secret of XXH3, and the last digest: two words, the high one first. */
export const secret = viewOfHex(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
    '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
)
export const digest = new Uint32Array(2)

/**
 * The sum of many 64-bit numbers as sums of low and of high words, which stay below 2^53: the carry
 * is taken once, at the end.
 */
const sum = new Float64Array(2)

/** PRIME64_1, PRIME64_2, PRIME64_3 and PRIME_MX1 of the specification, by words. */
const PRIME_1_HIGH = 0x9e3779b1
const PRIME_1_LOW = 0x85ebca87
const PRIME_2_HIGH = 0xc2b2ae3d
const PRIME_2_LOW = 0x27d4eb4f
const PRIME_3_HIGH = 0x165667b1
const PRIME_3_LOW = 0x9e3779f9
const MX_HIGH = 0x16566791
const MX_LOW = 0x9e3779f9

/**
 * Returns the high word of the product of two words.
 *
 * The double product is off by at most 2^10, so that its difference to the low word, over 2^32, is
 * within 2^-20 of the result.
 */
export function highOfProduct(a: number, b: number): number {
  return ((a * b - (Math.imul(a, b) >>> 0)) * DOWN + 0.5) >>> 0
}

/** Sets the sum to a number of two words. */
export function startSum(high: number, low: number): void {
  sum[0] = low
  sum[1] = high
}

/** Sets the sum to `length * PRIME64_1`. */
export function startSumOfLength(length: number): void {
  // Exact: a length is far below 2^21.
  sum[0] = length * PRIME_1_LOW
  sum[1] = length * PRIME_1_HIGH
}

export function addToSum(high: number, low: number): void {
  sum[0]! += low
  sum[1]! += high
}

/** Adds the XOR of both halves of a 128-bit product; operands are any 32-bit integers. */
export function addFolded(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const ah = aHigh >>> 0
  const al = aLow >>> 0
  const bh = bHigh >>> 0
  const bl = bLow >>> 0
  const low = Math.imul(al, bl) >>> 0
  const mixed = Math.imul(al, bh) >>> 0
  const mixed2 = Math.imul(ah, bl) >>> 0
  const top = Math.imul(ah, bh) >>> 0
  // The second, third and fourth word of the product; each sum is exact.
  const second = (((al * bl - low) * DOWN + 0.5) >>> 0) + mixed + mixed2
  const word2 = second >>> 0
  const third =
    (((al * bh - mixed) * DOWN + 0.5) >>> 0) +
    (((ah * bl - mixed2) * DOWN + 0.5) >>> 0) +
    top +
    (second - word2) * DOWN
  const word3 = third >>> 0
  const word4 = (((ah * bh - top) * DOWN + 0.5) >>> 0) + (third - word3) * DOWN
  sum[0]! += (low ^ word3) >>> 0
  sum[1]! += (word2 ^ word4) >>> 0
}

/** Stores the avalanche of the sum as the digest. */
export function avalancheSum(): void {
  const low = sum[0]! >>> 0
  const high = (sum[1]! + (sum[0]! - low) * DOWN) >>> 0
  // x ^= x >> 37; x *= PRIME_MX1; x ^= x >> 32
  const l = (low ^ (high >>> 5)) >>> 0
  const h = highOfProduct(l, MX_LOW) + Math.imul(high, MX_LOW) + Math.imul(l, MX_HIGH)
  digest[0] = h
  digest[1] = Math.imul(l, MX_LOW) ^ h
}

/** Stores the avalanche of XXH64 of a number of two words as the digest. */
export function avalanche64(high: number, low: number): void {
  // x ^= x >> 33; x *= PRIME64_2; x ^= x >> 29; x *= PRIME64_3; x ^= x >> 32
  const l0 = (low ^ (high >>> 1)) >>> 0
  const h1 =
    (highOfProduct(l0, PRIME_2_LOW) +
      Math.imul(high, PRIME_2_LOW) +
      Math.imul(l0, PRIME_2_HIGH)) >>>
    0
  const l1 = (Math.imul(l0, PRIME_2_LOW) ^ ((h1 << 3) | (Math.imul(l0, PRIME_2_LOW) >>> 29))) >>> 0
  const h2 = h1 ^ (h1 >>> 29)
  const h3 =
    highOfProduct(l1, PRIME_3_LOW) + Math.imul(h2, PRIME_3_LOW) + Math.imul(l1, PRIME_3_HIGH)
  digest[0] = h3
  digest[1] = Math.imul(l1, PRIME_3_LOW) ^ h3
}

function viewOfHex(hex: string): DataView {
  const bytes = Uint8Array.from(hex.match(/../g)!, (digits) => Number.parseInt(digits, 16))
  return new DataView(bytes.buffer)
}
