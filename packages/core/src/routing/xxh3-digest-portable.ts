// XXH3 as in its specification, for platforms without native code. Products of two 64-bit numbers
// need bigints, and clarity matters more here: lookups by integer, the hot path, have their own
// code in xxh3.ts.

const SECRET = secretView(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
    '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
)

const PRIME32_1 = 0x9e3779b1n
const PRIME32_2 = 0x85ebca77n
const PRIME32_3 = 0xc2b2ae3dn
const PRIME64_1 = 0x9e3779b185ebca87n
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn
const PRIME64_3 = 0x165667b19e3779f9n
const PRIME64_4 = 0x85ebca77c2b2ae63n
const PRIME64_5 = 0x27d4eb2f165667c5n
const PRIME_MX1 = 0x165667919e3779f9n
const PRIME_MX2 = 0x9fb21c651e98df25n

const MASK_32 = 0xffff_ffffn

/** Inputs up to this many bytes are mixed in one step, longer ones stripe by stripe. */
const MAX_MEDIUM_BYTES = 240
const LANES = 8
const STRIPE_BYTES = 8 * LANES
/** Each stripe of a block starts this much further in the secret. */
const SECRET_STEP = 8
const BLOCK_STRIPES = (SECRET.byteLength - STRIPE_BYTES) / SECRET_STEP
const BLOCK_BYTES = BLOCK_STRIPES * STRIPE_BYTES

const encoder = new TextEncoder()

/**
 * XXH3 64-bit digest, seed 0, default secret, as an unsigned integer.
 *
 * A string is hashed as its UTF-8.
 * Source: the xxHash specification (XXH3 algorithm).
 */
export function xxh3(input: Uint8Array | string): bigint {
  const bytes = typeof input === 'string' ? encoder.encode(input) : input
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length > MAX_MEDIUM_BYTES) return hashLong(data)
  if (bytes.length > 128) return hashTo240(data)
  if (bytes.length > 16) return hashTo128(data)
  return hashShort(data)
}

function hashShort(data: DataView): bigint {
  const length = data.byteLength
  if (length > 8) {
    const low = read64(data, 0) ^ secret(24) ^ secret(32)
    const high = read64(data, length - 8) ^ secret(40) ^ secret(48)
    return avalanche(BigInt(length) + swapBytes(low) + high + foldedProduct(low, high))
  }
  if (length >= 4) {
    const first = BigInt(data.getUint32(0, true))
    const last = BigInt(data.getUint32(length - 4, true))
    return strongAvalanche(((first << 32n) | last) ^ secret(8) ^ secret(16), length)
  }
  if (length === 0) return xxh64Avalanche(secret(56) ^ secret(64))
  const [first, middle, last] = [0, length >> 1, length - 1].map((at) => data.getUint8(at))
  const combined = ((first! << 16) | (middle! << 24) | last! | (length << 8)) >>> 0
  return xxh64Avalanche(BigInt(combined) ^ ((secret(0) ^ (secret(0) >> 32n)) & MASK_32))
}

function hashTo128(data: DataView): bigint {
  const length = data.byteLength
  let sum = BigInt(length) * PRIME64_1
  // Pairs from both ends inwards.
  for (let i = (length - 1) >> 5; i >= 0; i--) {
    sum += mix16(data, 16 * i, 32 * i)
    sum += mix16(data, length - 16 * (i + 1), 32 * i + 16)
  }
  return avalanche(sum)
}

function hashTo240(data: DataView): bigint {
  const length = data.byteLength
  let sum = BigInt(length) * PRIME64_1
  for (let i = 0; i < 8; i++) sum += mix16(data, 16 * i, 16 * i)
  sum = avalanche(sum)
  for (let i = 8; i < length >> 4; i++) sum += mix16(data, 16 * i, 16 * (i - 8) + 3)
  return avalanche(sum + mix16(data, length - 16, 136 - 17))
}

function hashLong(data: DataView): bigint {
  const length = data.byteLength
  // A typed array truncates every sum and product to 64 bits.
  const lanes = BigUint64Array.of(
    PRIME32_3,
    PRIME64_1,
    PRIME64_2,
    PRIME64_3,
    PRIME64_4,
    PRIME32_2,
    PRIME64_5,
    PRIME32_1,
  )
  const blocks = Math.floor((length - 1) / BLOCK_BYTES)
  for (let block = 0; block < blocks; block++) {
    for (let n = 0; n < BLOCK_STRIPES; n++) {
      accumulate(lanes, data, block * BLOCK_BYTES + n * STRIPE_BYTES, n * SECRET_STEP)
    }
    scramble(lanes)
  }
  const start = blocks * BLOCK_BYTES
  const stripes = Math.floor((length - 1 - start) / STRIPE_BYTES)
  for (let n = 0; n < stripes; n++) {
    accumulate(lanes, data, start + n * STRIPE_BYTES, n * SECRET_STEP)
  }
  accumulate(lanes, data, length - STRIPE_BYTES, SECRET.byteLength - STRIPE_BYTES - 7)

  let sum = BigInt(length) * PRIME64_1
  for (let i = 0; i < LANES; i += 2) {
    sum += foldedProduct(lanes[i]! ^ secret(11 + 8 * i), lanes[i + 1]! ^ secret(19 + 8 * i))
  }
  return avalanche(sum)
}

function accumulate(lanes: BigUint64Array, data: DataView, at: number, secretAt: number): void {
  for (let i = 0; i < LANES; i++) {
    const word = read64(data, at + 8 * i)
    const keyed = word ^ secret(secretAt + 8 * i)
    lanes[i ^ 1]! += word
    lanes[i]! += (keyed & MASK_32) * (keyed >> 32n)
  }
}

function scramble(lanes: BigUint64Array): void {
  for (let i = 0; i < LANES; i++) {
    const lane = lanes[i]!
    const key = secret(SECRET.byteLength - STRIPE_BYTES + 8 * i)
    lanes[i] = (lane ^ (lane >> 47n) ^ key) * PRIME32_1
  }
}

function mix16(data: DataView, at: number, secretAt: number): bigint {
  return foldedProduct(
    read64(data, at) ^ secret(secretAt),
    read64(data, at + 8) ^ secret(secretAt + 8),
  )
}

/** XORs both halves of the 128-bit product. */
function foldedProduct(a: bigint, b: bigint): bigint {
  const product = a * b
  return u64(product) ^ (product >> 64n)
}

function avalanche(sum: bigint): bigint {
  let hash = u64(sum)
  hash = u64((hash ^ (hash >> 37n)) * PRIME_MX1)
  return hash ^ (hash >> 32n)
}

function strongAvalanche(input: bigint, length: number): bigint {
  let hash = input ^ rotateLeft(input, 49n) ^ rotateLeft(input, 24n)
  hash = u64(hash * PRIME_MX2)
  hash = u64((hash ^ ((hash >> 35n) + BigInt(length))) * PRIME_MX2)
  return hash ^ (hash >> 28n)
}

function xxh64Avalanche(input: bigint): bigint {
  let hash = u64((input ^ (input >> 33n)) * PRIME64_2)
  hash = u64((hash ^ (hash >> 29n)) * PRIME64_3)
  return hash ^ (hash >> 32n)
}

function rotateLeft(value: bigint, bits: bigint): bigint {
  return u64(value << bits) | (value >> (64n - bits))
}

const swapping = new DataView(new ArrayBuffer(8))

function swapBytes(value: bigint): bigint {
  swapping.setBigUint64(0, value, true)
  return swapping.getBigUint64(0, false)
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

function read64(data: DataView, at: number): bigint {
  return data.getBigUint64(at, true)
}

function secret(at: number): bigint {
  return SECRET.getBigUint64(at, true)
}

function secretView(hex: string): DataView {
  const bytes = Uint8Array.from(hex.match(/../g)!, (digits) => Number.parseInt(digits, 16))
  return new DataView(bytes.buffer)
}
