import type { Key } from '@shardyfusion/core'
import { isJsonNumber } from '../json/json-problem.js'
import { isDigits, withoutLeadingZeros } from '../util/digits.js'
import { encodedBytes } from '../util/encoded-bytes.js'
import { BadRow } from './bad-row.js'
import type { RowOptions } from './row-options.js'

type KeyOptions = Pick<RowOptions, 'key' | 'keyEncoding' | 'keyAs' | 'maxIntegerKey'>

/** Number of digits of 2^64. */
const MAX_DIGITS = 20
/** Maximum bytes of a key in SlateDB. */
const MAX_KEY_BYTES = 0xffff
const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * Parses the key of a row from the text of its column.
 *
 * Shape: digits for integer encodings; else text, or bytes as hex or base64.
 * Errors: BadRow.
 */
export function keyFromText(text: string, options: KeyOptions): Key {
  const { keyEncoding, keyAs, key } = options
  if (keyEncoding === 'u64be' || keyEncoding === 'u32be') return integerKey(text, options)
  if (text === '') throw new BadRow(`the key "${key}" must not be empty`)
  if (keyAs !== 'text') return bytesKey(text, keyAs, key)
  if (LONE_SURROGATE.test(text))
    throw new BadRow(`the key "${key}" must be well-formed text, got a lone surrogate`)
  if (text.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(text) > MAX_KEY_BYTES)
    throw new BadRow(`the key "${key}" must have at most ${MAX_KEY_BYTES} bytes`)
  return text
}

/** The key from a JSON number that is exact. */
export function keyFromNumber(number: number, options: KeyOptions): Key {
  if (number < 0 || (options.keyEncoding === 'u32be' && number > 0xffff_ffff))
    throw outOfRange(String(number), options)
  return number
}

function integerKey(text: string, options: KeyOptions): Key {
  const digits = text.trim()
  if (!isDigits(digits)) {
    const hint = isJsonNumber(digits) ? '' : '; for text keys pass --key-encoding utf8'
    throw new BadRow(
      `the key "${options.key}" must be an integer of 0 or more, got ${quoted(text)}${hint}`,
    )
  }
  if (digits.length < 16) return keyFromNumber(Number(digits), options)
  // Converting a very long text to BigInt would be slow.
  if (withoutLeadingZeros(digits).length > MAX_DIGITS) throw outOfRange(digits, options)
  const key = BigInt(digits)
  const max = options.keyEncoding === 'u32be' ? 0xffff_ffffn : options.maxIntegerKey
  if (key > max) throw outOfRange(digits, options)
  return key
}

function outOfRange(digits: string, { key, keyEncoding, maxIntegerKey }: KeyOptions): BadRow {
  const max = keyEncoding === 'u32be' ? 0xffff_ffffn : maxIntegerKey
  return new BadRow(`the key "${key}" must be in the range 0 to ${max}, got ${digits.slice(0, 30)}`)
}

function bytesKey(text: string, as: 'hex' | 'base64', key: string): Uint8Array {
  const bytes = encodedBytes(text, as)
  if (bytes === undefined || bytes.length === 0)
    throw new BadRow(
      `the key "${key}" must be ${as === 'hex' ? 'hexadecimal digits' : 'base64'}, got ${quoted(text)}`,
    )
  return keyFromBytes(bytes, key)
}

/** The key from the bytes of its column. Errors: BadRow. */
export function keyFromBytes(bytes: Uint8Array, key: string): Uint8Array {
  if (bytes.length === 0) throw new BadRow(`the key "${key}" must not be empty`)
  if (bytes.length > MAX_KEY_BYTES)
    throw new BadRow(
      `the key "${key}" must have at most ${MAX_KEY_BYTES} bytes, got ${bytes.length}`,
    )
  return bytes
}

/** A value in messages, shortened. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
