/** Default bytes of a value. */
export const VALUE_BYTES = 100

// Values are slices of this buffer. They do not compress, and creating them is free.
const POOL_BYTES = 1 << 20
const pool = noise(POOL_BYTES)

/** The value of key `i`: the same in every run, different for every key. */
export function valueOf(i: number, bytes = VALUE_BYTES): Uint8Array {
  const at = Math.imul(i, 0x9e3779b1) >>> 0
  return pool.subarray(at % (POOL_BYTES - bytes), (at % (POOL_BYTES - bytes)) + bytes)
}

/** Yields the rows 0 up to `count`, exclusive. */
export function* rows(
  count: number,
  valueBytes?: number,
): Generator<readonly [key: number, value: Uint8Array]> {
  for (let i = 0; i < count; i++) yield [i, valueOf(i, valueBytes)]
}

/** The numbers from 0 up to `count`, exclusive, in key order. */
export function sortedIds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** The same numbers in an order without one, the same in every run. */
export function shuffledIds(count: number): number[] {
  const random = xorshift(11)
  const ids = sortedIds(count)
  for (let i = count - 1; i > 0; i--) {
    const j = random() % (i + 1)
    ;[ids[i], ids[j]] = [ids[j]!, ids[i]!]
  }
  return ids
}

/** The stored `u64be` key of `i`. */
export function storedKey(i: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(i))
  return bytes
}

/** `count` pseudo-random keys below `below`, the same in every run. */
export function scatteredKeys(count: number, below: number): number[] {
  const random = xorshift(7)
  return Array.from({ length: count }, () => random() % below)
}

function noise(bytes: number): Uint8Array {
  const words = new Uint32Array(bytes / 4)
  const random = xorshift(1)
  for (let i = 0; i < words.length; i++) words[i] = random()
  return new Uint8Array(words.buffer)
}

function xorshift(seed: number): () => number {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  }
}
