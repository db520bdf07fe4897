import { invalidArgument } from '../error.js'
import { varintLength, writeVarint } from '../format/varint.js'
import type { Affinity } from '../schema/table-definition.js'
import type { SqlValue } from '../value.js'
import { isBytes } from '../is-bytes.js'

const encoder = new TextEncoder()
const NOTHING = new Uint8Array()

/** A record in parts: its header, then its values. */
export interface EncodedRecord {
  readonly parts: readonly Uint8Array[]
  readonly size: number
}

/** Encodes values as a record. `where` opens messages. */
export function encodeRecord(values: readonly SqlValue[], where: string): EncodedRecord {
  const parts: Uint8Array[] = [NOTHING]
  const serials: number[] = []
  let size = 0
  for (const value of values) {
    const [serial, bytes] = encodeValue(value, where)
    serials.push(serial)
    parts.push(bytes)
    size += bytes.length
  }
  let serialBytes = 0
  for (const serial of serials) serialBytes += varintLength(serial)
  // The size of the header counts itself.
  let headerBytes = serialBytes + 1
  if (headerBytes > 127) headerBytes = serialBytes + varintLength(serialBytes + 2)
  const header = new Uint8Array(headerBytes)
  let at = writeVarint(header, 0, headerBytes)
  for (const serial of serials) at = writeVarint(header, at, serial)
  parts[0] = header
  return { parts, size: size + headerBytes }
}

/** All bytes of a record in one piece. */
export function joined({ parts, size }: EncodedRecord): Uint8Array {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function encodeValue(value: SqlValue, where: string): [serial: number, bytes: Uint8Array] {
  if (value === null) return [0, NOTHING]
  if (typeof value === 'string') {
    const bytes = encodeAscii(value) ?? encoder.encode(value)
    return [2 * bytes.length + 13, bytes]
  }
  if (isBytes(value)) return [2 * value.length + 12, value]
  if (typeof value === 'bigint') return encodeInteger(value, where)
  if (typeof value === 'number') {
    const isInteger = Number.isSafeInteger(value) && !Object.is(value, -0)
    return isInteger ? encodeInteger(value, where) : encodeReal(value, where)
  }
  throw invalidArgument(
    `${where}: expected null, number, bigint, string or Uint8Array, got ${typeof value}`,
  )
}

/** Longer texts are encoded faster by the system. */
const SHORT_TEXT = 48

/** The bytes of a short text of ASCII, several times faster than by the system; `undefined` for another text. */
function encodeAscii(text: string): Uint8Array | undefined {
  if (text.length > SHORT_TEXT) return undefined
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return undefined
    bytes[i] = code
  }
  return bytes
}

const SIZES = [
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [6, 5],
  [8, 6],
] as const

function encodeInteger(value: number | bigint, where: string): [number, Uint8Array] {
  if (value === 0 || value === 0n) return [8, NOTHING]
  if (value === 1 || value === 1n) return [9, NOTHING]
  if (typeof value === 'number' && value >= -0x8000_0000 && value <= 0x7fff_ffff)
    return encodeSmall(value)
  const wide = BigInt(value)
  for (const [length, serial] of SIZES) {
    if (BigInt.asIntN(8 * length, wide) !== wide) continue
    const bytes = new Uint8Array(length)
    let rest = wide
    for (let i = length - 1; i >= 0; i--) {
      bytes[i] = Number(rest & 255n)
      rest >>= 8n
    }
    return [serial, bytes]
  }
  throw invalidArgument(`${where}: expected an integer of 64 bits, got ${value}`)
}

/** An integer of at most 32 bits, without the cost of a bigint. */
function encodeSmall(value: number): [number, Uint8Array] {
  const length =
    (value << 24) >> 24 === value
      ? 1
      : (value << 16) >> 16 === value
        ? 2
        : (value << 8) >> 8 === value
          ? 3
          : 4
  const bytes = new Uint8Array(length)
  for (let i = length - 1, rest = value; i >= 0; i--, rest >>= 8) bytes[i] = rest
  return [length, bytes]
}

function encodeReal(value: number, where: string): [number, Uint8Array] {
  if (Number.isNaN(value)) throw invalidArgument(`${where}: SQLite has no NaN; write null`)
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value)
  return [7, bytes]
}

const LOOKS_NUMERIC = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i

/** Refuses a value SQLite would convert before it stores it in such a column. */
export function checkAffinity(value: SqlValue, affinity: Affinity, where: string): void {
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  if (affinity === 'TEXT' && isNumber) {
    throw invalidArgument(
      `${where}: a column of TEXT holds no numbers; write the string "${value}"`,
    )
  }
  const isNumeric = affinity !== 'TEXT' && affinity !== 'BLOB'
  if (isNumeric && typeof value === 'string' && LOOKS_NUMERIC.test(value)) {
    throw invalidArgument(
      `${where}: a column of ${affinity} holds no texts that read as numbers; write the number ${value}`,
    )
  }
}
