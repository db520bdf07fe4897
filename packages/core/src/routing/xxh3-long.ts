import { addFolded, avalancheSum, highOfProduct, secret, startSumOfLength } from './xxh3-words.js'

const LANES = 8
const STRIPE_BYTES = 8 * LANES
/** Each stripe of a block starts this much further in the secret. */
const SECRET_STEP = 8
const BLOCK_STRIPES = (secret.byteLength - STRIPE_BYTES) / SECRET_STEP
const BLOCK_BYTES = BLOCK_STRIPES * STRIPE_BYTES
const SCRAMBLE_AT = secret.byteLength - STRIPE_BYTES
const MERGE_AT = 11

const DOWN = 2 ** -32
const PRIME32_1 = 0x9e3779b1
/** PRIME32_3, PRIME64_1 to PRIME64_4, PRIME32_2, PRIME64_5 and PRIME32_1, by words. */
const FIRST_LOW = [
  0xc2b2ae3d,
  0x85ebca87,
  0x27d4eb4f,
  0x9e3779f9,
  0xc2b2ae63,
  0x85ebca77,
  0x165667c5,
  PRIME32_1,
]
const FIRST_HIGH = [0, 0x9e3779b1, 0xc2b2ae3d, 0x165667b1, 0x85ebca77, 0, 0x27d4eb2f, 0]

/**
 * Sums of the low and of the high words of each lane. Within a block they neither carry nor round:
 * lows stay below 2^38, and the errors of the highs below a half.
 */
const lows = new Float64Array(LANES)
const highs = new Float64Array(LANES)

/** Stores the digest of more than 240 bytes. */
export function digestLong(data: DataView): void {
  const length = data.byteLength
  lows.set(FIRST_LOW)
  highs.set(FIRST_HIGH)
  const blocks = Math.floor((length - 1) / BLOCK_BYTES)
  for (let block = 0; block < blocks; block++) {
    for (let n = 0; n < BLOCK_STRIPES; n++) {
      addStripe(data, block * BLOCK_BYTES + n * STRIPE_BYTES, n * SECRET_STEP)
    }
    scramble()
  }
  const start = blocks * BLOCK_BYTES
  const stripes = Math.floor((length - 1 - start) / STRIPE_BYTES)
  for (let n = 0; n < stripes; n++) {
    addStripe(data, start + n * STRIPE_BYTES, n * SECRET_STEP)
  }
  addStripe(data, length - STRIPE_BYTES, SCRAMBLE_AT - 7)

  carry()
  startSumOfLength(length)
  for (let i = 0; i < LANES; i += 2) {
    const at = MERGE_AT + 8 * i
    addFolded(
      highs[i]! ^ secret.getInt32(at + 4, true),
      lows[i]! ^ secret.getInt32(at, true),
      highs[i + 1]! ^ secret.getInt32(at + 12, true),
      lows[i + 1]! ^ secret.getInt32(at + 8, true),
    )
  }
  avalancheSum()
}

function addStripe(data: DataView, at: number, secretAt: number): void {
  for (let i = 0; i < LANES; i++) {
    const low = data.getUint32(at + 8 * i, true)
    const high = data.getUint32(at + 8 * i + 4, true)
    const a = (low ^ secret.getInt32(secretAt + 8 * i, true)) >>> 0
    const b = (high ^ secret.getInt32(secretAt + 8 * i + 4, true)) >>> 0
    const product = Math.imul(a, b) >>> 0
    lows[i ^ 1]! += low
    highs[i ^ 1]! += high
    lows[i]! += product
    highs[i]! += (a * b - product) * DOWN
  }
}

/** Makes each lane two words again. */
function carry(): void {
  for (let i = 0; i < LANES; i++) {
    const low = lows[i]! >>> 0
    highs[i] = (Math.round(highs[i]!) + (lows[i]! - low) * DOWN) >>> 0
    lows[i] = low
  }
}

function scramble(): void {
  carry()
  for (let i = 0; i < LANES; i++) {
    // x ^= x >> 47; x ^= key; x *= PRIME32_1
    const at = SCRAMBLE_AT + 8 * i
    const low = (lows[i]! ^ (highs[i]! >>> 15) ^ secret.getInt32(at, true)) >>> 0
    const high = highs[i]! ^ secret.getInt32(at + 4, true)
    lows[i] = Math.imul(low, PRIME32_1) >>> 0
    highs[i] = (highOfProduct(low, PRIME32_1) + Math.imul(high, PRIME32_1)) >>> 0
  }
}
