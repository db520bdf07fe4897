import { describeValue } from '../options/describe-value.js'
import type { Key } from '../types.js'
import { invalidKey } from '../errors/error-factories.js'
import { textBytes } from './text-bytes.js'
import { isBytes } from '../text/bytes.js'

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

// Splits integers into bytes; used within one synchronous call only.
const scratch = new DataView(new ArrayBuffer(8))

/**
 * Returns the bytes of a key that are hashed to find its shard, independent of its stored encoding.
 *
 * Shape: integers as 8 bytes two's complement, little-endian; text as UTF-8; bytes unchanged, not
 * copied. Errors: SHARD_INVALID_KEY for other types, unsafe or fractional numbers, integers outside
 * int64, lone surrogates. Source: wire-format §4.1.
 */
export function routingBytes(key: Key, where: string): Uint8Array {
  if (typeof key === 'string') return textBytes(key, where)
  if (isBytes(key)) return key
  scratch.setBigInt64(0, routingInteger(key, where), true)
  // Byte by byte: accessing `bytes.buffer` would move a small array off the V8 heap.
  const bytes = new Uint8Array(8)
  for (let i = 0; i < 8; i++) bytes[i] = scratch.getUint8(i)
  return bytes
}

function routingInteger(key: unknown, where: string): bigint {
  if (typeof key === 'bigint') {
    requireInt64(key, where)
    return key
  }
  if (!Number.isSafeInteger(key)) throw unroutable(key, where)
  return BigInt(key as number)
}

/** Refuses integers that do not fit 8 signed bytes. */
export function requireInt64(key: bigint, where: string): void {
  if (key >= MIN_INT64 && key <= MAX_INT64) return
  throw invalidKey(
    where,
    `an integer must be in -2^63 to 2^63-1 to be hashed, got ${key < 0n ? 'less' : 'more'}` +
      (key < 0n
        ? ''
        : '; such a key could be stored under u64be but never routed, so store it as utf8 or raw'),
    { peer: 'ValueError' },
  )
}

/** Makes the error for a value that is not a key, or a number that is not an exact integer. */
export function unroutable(key: unknown, where: string): Error {
  const hint = typeof key === 'number' && Number.isInteger(key) ? '; pass it as a bigint' : ''
  return invalidKey(
    where,
    'a key must be a bigint, a safe integer, a string or a Uint8Array, ' +
      `got ${describeValue(key)}${hint}`,
    { peer: 'ValueError' },
  )
}
