import { isWellFormed } from '../util/well-formed.js'
import type { CelType } from '../types.js'

/** A column value as CEL takes it; a uint is still a bigint and has to be wrapped. */
export type ColumnValue = bigint | number | string | boolean | Uint8Array

const MAX_UINT64 = 2n ** 64n - 1n

const EXPECTED: Readonly<Record<CelType, string>> = {
  int: 'an integer in -2^63 to 2^63-1',
  uint: 'an integer in 0 to 2^64-1',
  string: 'a well-formed string',
  bytes: 'a Uint8Array',
  double: 'a number',
  bool: 'a boolean',
}

/** True for the type names a `celColumns` object may use. */
export function isCelType(name: unknown): name is CelType {
  return typeof name === 'string' && Object.hasOwn(EXPECTED, name)
}

/** What a column of this type takes, for messages. */
export function expectedOf(type: CelType): string {
  return EXPECTED[type]
}

/**
 * The value for a column of the given type, or `undefined` when it does not fit.
 *
 * A boolean counts as the integer 1 or 0, as it does everywhere in the peer.
 */
export function columnValue(value: unknown, type: CelType): ColumnValue | undefined {
  switch (type) {
    case 'int': {
      const integer = toInteger(value)
      return integer !== undefined && BigInt.asIntN(64, integer) === integer ? integer : undefined
    }
    case 'uint': {
      const integer = toInteger(value)
      return integer !== undefined && integer >= 0n && integer <= MAX_UINT64 ? integer : undefined
    }
    case 'string':
      return typeof value === 'string' && isWellFormed(value) ? value : undefined
    case 'bytes':
      return value instanceof Uint8Array ? value : undefined
    case 'double':
      return typeof value === 'number' ? value : undefined
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
  }
}

function toInteger(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
}
