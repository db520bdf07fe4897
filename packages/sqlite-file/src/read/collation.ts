import type { TextEncoding } from '../format/header.js'
import { decodeText } from './record.js'

/** The collations SQLite has built in. */
export type Collation = 'BINARY' | 'NOCASE' | 'RTRIM'

export function isCollation(name: string): name is Collation {
  return name === 'BINARY' || name === 'NOCASE' || name === 'RTRIM'
}

/** Unsigned bytes; a prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const encoder = new TextEncoder()
const SPACE = 32

/** Compares stored texts as SQLite does. */
export function compareText(
  a: Uint8Array,
  b: Uint8Array,
  collation: Collation,
  encoding: TextEncoding,
): number {
  if (collation === 'BINARY') return compareBytes(a, b)
  // NOCASE and RTRIM exist for UTF-8 alone; SQLite converts other texts first.
  const [left, right] = [a, b].map((text) =>
    encoding === 'utf-8' ? text : encoder.encode(decodeText(text, encoding)),
  ) as [Uint8Array, Uint8Array]
  if (collation === 'NOCASE') return compareWithoutCase(left, right)
  return compareBytes(trimmed(left), trimmed(right))
}

/** As in SQLite: the comparison ends at a NUL both have, then the longer text comes last. */
function compareWithoutCase(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = lower(a[i]!) - lower(b[i]!)
    if (difference !== 0) return difference
    if (a[i] === 0) break
  }
  return a.length - b.length
}

/** ASCII only, as in SQLite. */
function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
}

function trimmed(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === SPACE) end--
  return bytes.subarray(0, end)
}
