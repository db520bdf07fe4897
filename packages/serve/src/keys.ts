import type { Key } from '@shardyfusion/core'
import type { SnapshotFacts } from './database.js'

/** A key of a client that cannot be one of the snapshot. */
export class BadKey extends Error {
  override readonly name = 'BadKey'
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const MAX_UINT32 = 2 ** 32 - 1
const MAX_UINT64 = 2n ** 64n - 1n
/** A number holds an integer of this many digits exactly. */
const EXACT_DIGITS = 15
const MAX_DIGITS = 20

/**
 * Returns the key that a word of the Redis protocol names: digits for integer keys, otherwise the
 * bytes of the key.
 *
 * Shape: bytes are a view. Errors: BadKey.
 */
export function keyOfWord(
  bytes: Buffer,
  from: number,
  to: number,
  { keyEncoding, isCel }: SnapshotFacts,
): Key {
  if (keyEncoding === 'u64be' || keyEncoding === 'u32be') {
    let value = 0
    let at = from
    if (to - from <= EXACT_DIGITS) {
      for (; at < to; at++) {
        const digit = bytes[at]! - 48
        if (digit < 0 || digit > 9) break
        value = value * 10 + digit
      }
      if (at === to && at > from && (keyEncoding === 'u64be' || value <= MAX_UINT32)) return value
    }
    return integerOf(bytes.toString('latin1', from, to), keyEncoding)
  }
  const word = bytes.subarray(from, to)
  // An expression that shards by the key compares text with text.
  if (isCel && keyEncoding === 'utf8') return textOr(word)
  return word
}

/**
 * Returns the key that text of HTTP names: digits, text, or hexadecimal digits for raw keys.
 *
 * Errors: BadKey.
 */
export function keyOfText(text: string, { keyEncoding }: SnapshotFacts): Key {
  if (keyEncoding === 'u64be' || keyEncoding === 'u32be') return integerOf(text, keyEncoding)
  if (keyEncoding === 'utf8') return text
  if (text.length % 2 === 0 && !/[^0-9a-fA-F]/.test(text)) return Buffer.from(text, 'hex')
  throw new BadKey(
    `keys of this snapshot are bytes: expected hexadecimal digits, two per byte, got ${quoted(text)}`,
  )
}

/** Returns the word of the Redis protocol for the same key: `keyOfWord` reads it back. */
export function wordOfKeyText(text: string, key: Key): Uint8Array {
  return typeof key === 'object' ? key : Buffer.from(text)
}

/** Returns a stored key as the Redis protocol shows it: `keyOfWord` reads it back. */
export function wordOfKey(stored: Uint8Array, { keyEncoding }: SnapshotFacts): Uint8Array {
  if (keyEncoding === 'utf8' || keyEncoding === 'raw') return stored
  return Buffer.from(String(integerOfStored(stored)))
}

/** The fields of a stored key in JSON: `keyOfText` reads `key` back; `keyHex` has bytes that are not text. */
export function keyFields(
  stored: Uint8Array,
  { keyEncoding }: SnapshotFacts,
): { key: string } | { keyHex: string } {
  if (keyEncoding === 'raw') return { key: hexOf(stored) }
  if (keyEncoding !== 'utf8') return { key: String(integerOfStored(stored)) }
  const text = textOr(stored)
  return typeof text === 'string' ? { key: text } : { keyHex: hexOf(stored) }
}

/** Returns the integer of a stored key. */
export function integerOfStored(stored: Uint8Array): bigint {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.length)
  return stored.length === 8 ? view.getBigUint64(0) : BigInt(view.getUint32(0))
}

/** Decodes UTF-8; returns other bytes as they are. */
export function textOr(bytes: Uint8Array): string | Uint8Array {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return bytes
  }
}

function integerOf(text: string, encoding: 'u64be' | 'u32be'): Key {
  const max = encoding === 'u32be' ? BigInt(MAX_UINT32) : MAX_UINT64
  if (text.length <= MAX_DIGITS && /^[0-9]+$/.test(text)) {
    const value = BigInt(text)
    if (value <= max) return value
  }
  throw new BadKey(
    `keys of this snapshot are integers (${encoding}): expected digits from 0 to ${max}, got ${quoted(text)}`,
  )
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
