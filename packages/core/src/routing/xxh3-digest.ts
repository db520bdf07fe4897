import { digestLong } from './xxh3-long.js'
import {
  addFolded,
  addToSum,
  avalanche64,
  avalancheSum,
  digest,
  secret,
  startSum,
  startSumOfLength,
} from './xxh3-words.js'

/** Inputs up to this many bytes are mixed in one step, longer ones stripe by stripe. */
const MAX_MEDIUM_BYTES = 240
/** A UTF-16 unit is up to three bytes of UTF-8. */
const MAX_TEXT_UNITS = MAX_MEDIUM_BYTES
/** Up to about this many, a loop costs less than a call of the encoder, or of `set`. */
const MAX_LOOP_UNITS = 32

/** The input, if it is short; used within one synchronous call only. */
const input = new Uint8Array(3 * MAX_TEXT_UNITS)
const data = new DataView(input.buffer)
const encoder = new TextEncoder()

/** The "bitflip" mask of 4 to 8 bytes: bytes 8–15 of the secret XOR bytes 16–23. */
const FLIP_HIGH = 0xc73ab174
const FLIP_LOW = 0xc5ecd5a2
/** PRIME_MX2 of the specification, and its low half again in 16-bit parts. */
const PRIME_HIGH = 0x9fb21c65
const PRIME_LOW = 0x1e98df25
const PRIME_LOW_0 = 0xdf25
const PRIME_LOW_1 = 0x1e98

/** Stores the digest of bytes. */
export function digestBytes(bytes: Uint8Array): void {
  const length = bytes.length
  if (length > MAX_MEDIUM_BYTES) {
    return digestLong(new DataView(bytes.buffer, bytes.byteOffset, length))
  }
  if (length > MAX_LOOP_UNITS) input.set(bytes)
  else for (let i = 0; i < length; i++) input[i] = bytes[i]!
  digestInput(length)
}

/** Stores the digest of the UTF-8 of well-formed text. */
export function digestText(text: string): void {
  const length = text.length
  if (length > MAX_TEXT_UNITS) return digestBytes(encoder.encode(text))
  let bytes = length
  if (length > MAX_LOOP_UNITS || !isAsciiCopied(text)) {
    bytes = encoder.encodeInto(text, input).written
  }
  if (bytes > MAX_MEDIUM_BYTES) digestLong(new DataView(input.buffer, 0, bytes))
  else digestInput(bytes)
}

function isAsciiCopied(text: string): boolean {
  let seen = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    input[i] = unit
    seen |= unit
  }
  return seen < 0x80
}

function digestInput(length: number): void {
  if (length > 128) digestTo240(length)
  else if (length > 16) digestTo128(length)
  else if (length > 8) digestTo16(length)
  else if (length >= 4) {
    digestTo8(data.getInt32(0, true), data.getInt32(length - 4, true), length)
  } else digestTo3(length)
}

function digestTo3(length: number): void {
  if (length === 0) {
    return avalanche64(secretWord(60) ^ secretWord(68), secretWord(56) ^ secretWord(64))
  }
  const [first, middle, last] = [input[0]!, input[length >> 1]!, input[length - 1]!]
  const combined = (first << 16) | (middle << 24) | last | (length << 8)
  avalanche64(0, combined ^ secretWord(0) ^ secretWord(4))
}

/**
 * Stores the digest of 4 to 8 bytes: the first and the last four as little-endian words, any 32-bit
 * integers.
 */
export function digestTo8(first: number, last: number, length: number): void {
  // The first input word is the high half of the state.
  const h0 = first ^ FLIP_HIGH
  const l0 = last ^ FLIP_LOW
  // x ^= rotl(x, 49) ^ rotl(x, 24); a rotation by 49 is one by 17 with the halves swapped.
  const h1 = h0 ^ ((l0 << 17) | (h0 >>> 15)) ^ ((h0 << 24) | (l0 >>> 8))
  const l1 = l0 ^ ((h0 << 17) | (l0 >>> 15)) ^ ((l0 << 24) | (h0 >>> 8))
  // x *= PRIME; x ^= (x >> 35) + length
  const h2 = primeTimesHigh(h1, l1)
  const l2 = Math.imul(l1, PRIME_LOW) ^ ((h2 >>> 3) + length)
  // x *= PRIME; x ^= x >> 28
  const h3 = primeTimesHigh(h2, l2)
  const l3 = Math.imul(l2, PRIME_LOW)
  digest[0] = h3 ^ (h3 >>> 28)
  digest[1] = l3 ^ ((h3 << 4) | (l3 >>> 28))
}

/** Returns the high word of `(h * 2^32 + l) * PRIME`. */
function primeTimesHigh(h: number, l: number): number {
  // High word of l * PRIME_LOW by 16-bit parts; no partial sum exceeds 32 bits. For one product
  // of integers, this costs less than the way over doubles.
  const l0 = l & 0xffff
  const l1 = l >>> 16
  const a = (Math.imul(l1, PRIME_LOW_0) + (Math.imul(l0, PRIME_LOW_0) >>> 16)) >>> 0
  const b = (Math.imul(l0, PRIME_LOW_1) + (a & 0xffff)) >>> 0
  const carried = Math.imul(l1, PRIME_LOW_1) + (a >>> 16) + (b >>> 16)
  return (carried + Math.imul(h, PRIME_LOW) + Math.imul(l, PRIME_HIGH)) | 0
}

function digestTo16(length: number): void {
  const low0 = data.getInt32(0, true) ^ secretWord(24) ^ secretWord(32)
  const low1 = data.getInt32(4, true) ^ secretWord(28) ^ secretWord(36)
  const high0 = data.getInt32(length - 8, true) ^ secretWord(40) ^ secretWord(48)
  const high1 = data.getInt32(length - 4, true) ^ secretWord(44) ^ secretWord(52)
  startSum(high1 >>> 0, high0 >>> 0)
  // The first eight bytes in reverse order.
  addToSum(swapBytes(low0), swapBytes(low1) + length)
  addFolded(low1, low0, high1, high0)
  avalancheSum()
}

function digestTo128(length: number): void {
  startSumOfLength(length)
  // Pairs from both ends inwards.
  for (let i = (length - 1) >> 5; i >= 0; i--) {
    addSixteen(16 * i, 32 * i)
    addSixteen(length - 16 * (i + 1), 32 * i + 16)
  }
  avalancheSum()
}

function digestTo240(length: number): void {
  startSumOfLength(length)
  for (let i = 0; i < 8; i++) addSixteen(16 * i, 16 * i)
  avalancheSum()
  startSum(digest[0]!, digest[1]!)
  for (let i = 8; i < length >> 4; i++) addSixteen(16 * i, 16 * (i - 8) + 3)
  addSixteen(length - 16, 136 - 17)
  avalancheSum()
}

function addSixteen(at: number, secretAt: number): void {
  addFolded(
    data.getInt32(at + 4, true) ^ secretWord(secretAt + 4),
    data.getInt32(at, true) ^ secretWord(secretAt),
    data.getInt32(at + 12, true) ^ secretWord(secretAt + 12),
    data.getInt32(at + 8, true) ^ secretWord(secretAt + 8),
  )
}

function secretWord(at: number): number {
  return secret.getInt32(at, true)
}

function swapBytes(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
