/**
 * Formats an unscaled decimal with all its digits: `-1205` of scale 2 is `-12.05`.
 *
 * Returns a bigint if the scale is 0; a negative scale appends zeros.
 */
export function decimalOf(unscaled: bigint, scale: number): string | bigint {
  if (scale === 0) return unscaled
  if (scale < 0) return unscaled * 10n ** BigInt(-scale)
  const sign = unscaled < 0n ? '-' : ''
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** Reads a signed big-endian integer in two's complement. */
export function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(bytes.length * 8, value)
}
