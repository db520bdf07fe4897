import type { CelType } from '../../types.js'
import { isWellFormed } from '../../text/well-formed.js'
import { CelUint, type Value } from './run/values.js'
import { isBytes } from '../../text/bytes.js'

const MAX_UINT64 = 2n ** 64n - 1n
const NUL = '\0'
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const EXPECTED: Readonly<Record<CelType, string>> = {
  int: 'an integer in -2^63 to 2^63-1',
  uint: 'an integer in 0 to 2^64-1',
  string: 'a well-formed string, or its UTF-8 bytes',
  bytes: 'a Uint8Array',
  double: 'a number',
  bool: 'a boolean',
}

/** Returns true for the type names of a `celColumns` object. */
export function isCelType(name: unknown): name is CelType {
  return typeof name === 'string' && Object.hasOwn(EXPECTED, name)
}

/** Describes the values of a column of this type, for messages. */
export function expectedOf(type: CelType): string {
  return EXPECTED[type]
}

/**
 * Converts the value for a column of the given type; returns `undefined` if it does not fit.
 *
 * Accepts what the reference accepts: booleans as the numbers 1 and 0, integers as doubles, UTF-8
 * bytes as text. Text and bytes end at their first NUL, as in the library of the reference, because
 * that decides the shards of existing rows.
 */
export function columnValue(value: unknown, type: CelType): Value | undefined {
  switch (type) {
    case 'int': {
      const integer = toInteger(value)
      return integer !== undefined && BigInt.asIntN(64, integer) === integer ? integer : undefined
    }
    case 'uint': {
      const integer = toInteger(value)
      const fits = integer !== undefined && integer >= 0n && integer <= MAX_UINT64
      return fits ? new CelUint(integer) : undefined
    }
    case 'string':
      if (typeof value === 'string') return isWellFormed(value) ? cutText(value) : undefined
      return isBytes(value) ? textOf(value) : undefined
    case 'bytes':
      return isBytes(value) ? cutBytes(value) : undefined
    case 'double':
      if (typeof value === 'number') return value
      return typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : undefined
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
  }
}

function toInteger(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
}

function cutText(text: string): string {
  const end = text.indexOf(NUL)
  return end === -1 ? text : text.slice(0, end)
}

function cutBytes(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(cutBytes(bytes))
  } catch {
    return undefined
  }
}
