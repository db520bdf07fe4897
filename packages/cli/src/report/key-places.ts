/** A number that orders keys like their stored bytes: the integer, or the first 16 bytes of text. */
export function keyPlace(key: bigint | string): bigint {
  if (typeof key === 'bigint') return key
  const bytes = Buffer.alloc(16)
  Buffer.from(key).copy(bytes)
  return bytes.readBigUInt64BE(0) * 2n ** 64n + bytes.readBigUInt64BE(8)
}

/** The relative position of `place` between two others, 0 to 1. */
export function between(place: bigint, first: bigint, last: bigint): number {
  if (last <= first) return 0
  return Number(((place - first) * 1_000_000n) / (last - first)) / 1_000_000
}
