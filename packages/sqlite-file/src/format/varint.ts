import { type Integer, toInteger } from '../value.js'

// SQLite's variable-length integers: 7 bits a byte, most significant first; a ninth byte has 8 bits.

/** Where the varint read last ends. A variable and not a result, so that reading one allocates nothing. */
export let varintEnd = 0

/**
 * Reads a varint as a size: exact up to 2^53, and larger than any size beyond.
 *
 * Past the end of `bytes` the result is NaN, which fails every bounds check written as `!(x <= limit)`.
 */
export function readSize(bytes: Uint8Array, at: number): number {
  let byte = bytes[at]!
  if (byte < 128) {
    varintEnd = at + 1
    return byte
  }
  let value = byte & 127
  for (let i = 1; i < 8; i++) {
    byte = bytes[at + i]!
    if (byte < 128) {
      varintEnd = at + i + 1
      return value * 128 + byte
    }
    if (byte === undefined) break
    value = value * 128 + (byte & 127)
  }
  varintEnd = at + 9
  return value * 256 + bytes[at + 8]!
}

/** Reads a varint as a signed integer of 64 bits. */
export function readInteger(bytes: Uint8Array, at: number): Integer {
  const value = readSize(bytes, at)
  if (value <= 0xffff_ffff_ffff || Number.isNaN(value)) return value
  let wide = 0n
  for (let i = at; i < varintEnd; i++) {
    wide = i === at + 8 ? (wide << 8n) | BigInt(bytes[i]!) : (wide << 7n) | BigInt(bytes[i]! & 127)
  }
  return toInteger(BigInt.asIntN(64, wide))
}

/** Bytes of a varint; negative integers take nine. */
export function varintLength(value: Integer): number {
  if (typeof value === 'number' && value >= 0) {
    let length = 1
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
    return length
  }
  const wide = BigInt.asUintN(64, BigInt(value))
  let length = 1
  for (let rest = wide >> 7n; rest > 0n; rest >>= 7n) length++
  return Math.min(9, length)
}

/** Writes a varint and gives the offset behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: Integer): number {
  if (typeof value === 'number' && value >= 0) {
    if (value < 128) {
      bytes[at] = value
      return at + 1
    }
    if (value < 16384) {
      bytes[at] = (value >> 7) | 128
      bytes[at + 1] = value & 127
      return at + 2
    }
    // Safe integers have 53 bits, so eight bytes of 7 bits are enough.
    const length = varintLength(value)
    let rest = value
    for (let i = length - 1; i >= 0; i--) {
      bytes[at + i] = (rest % 128) | (i === length - 1 ? 0 : 128)
      rest = Math.floor(rest / 128)
    }
    return at + length
  }
  let wide = BigInt.asUintN(64, BigInt(value))
  const length = varintLength(value)
  let i = length - 1
  if (length === 9) {
    bytes[at + i--] = Number(wide & 255n)
    wide >>= 8n
  }
  for (const last = i; i >= 0; i--) {
    bytes[at + i] = Number(wide & 127n) | (length < 9 && i === last ? 0 : 128)
    wide >>= 7n
  }
  return at + length
}

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  )
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
