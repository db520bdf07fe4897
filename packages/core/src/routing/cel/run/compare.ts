import { compareBytes, isBytes } from '../../../text/bytes.js'
import { compareUtf8 } from '../../../text/compare-utf8.js'
import type { Budget } from './budget.js'
import { noOverload } from '../cel-failure.js'
import {
  CelDuration,
  CelMap,
  CelTimestamp,
  CelTypeName,
  CelUint,
  isList,
  type Value,
} from './values.js'

/**
 * `==`: numbers of different types are equal if they are the same number; values of other different
 * types never are.
 */
export function isEqual(a: Value, b: Value, budget: Budget): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    budget.read(Math.min(a.length, b.length))
    return a === b
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') return a === b
  if (a === null || b === null || typeof a === 'boolean' || typeof b === 'boolean') return a === b
  const order = compareNumbers(a, b)
  if (order !== undefined) return order === 0
  if (isBytes(a)) {
    if (!isBytes(b)) return false
    budget.read(Math.min(a.length, b.length))
    return compareBytes(a, b) === 0
  }
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && a.ns === b.ns
  if (a instanceof CelDuration) return b instanceof CelDuration && a.ns === b.ns
  if (a instanceof CelTypeName) return b instanceof CelTypeName && a.name === b.name
  if (a instanceof CelMap) return b instanceof CelMap && equalMaps(a, b, budget)
  return isList(a) && isList(b) && equalLists(a, b, budget)
}

function equalLists(a: readonly Value[], b: readonly Value[], budget: Budget): boolean {
  if (a.length !== b.length) return false
  budget.steps(a.length)
  return a.every((item, i) => isEqual(item, b[i]!, budget))
}

function equalMaps(a: CelMap, b: CelMap, budget: Budget): boolean {
  if (a.size !== b.size) return false
  budget.steps(a.size)
  for (const [key, value] of a.entries()) {
    const other = b.get(key)
    if (other === undefined || !isEqual(value, other, budget)) return false
  }
  return true
}

/**
 * Returns a number below 0, 0 or above 0 for `a` before, equal to or after `b`; NaN if one is NaN,
 * which makes every comparison false.
 *
 * Text and bytes are ordered by code point and by byte. Errors: CelFailure for values that have no
 * order.
 */
export function compareValues(a: Value, b: Value, name: string, budget: Budget): number {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'string' && typeof b === 'string') {
    budget.read(Math.min(a.length, b.length) * 4)
    return compareUtf8(a, b)
  }
  const order = compareNumbers(a, b)
  if (order !== undefined) return order
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (isBytes(a) && isBytes(b)) {
    budget.read(Math.min(a.length, b.length))
    return compareBytes(a, b)
  }
  const times = a instanceof CelTimestamp && b instanceof CelTimestamp
  if (times || (a instanceof CelDuration && b instanceof CelDuration)) {
    const other = b as CelTimestamp | CelDuration
    return a.ns < other.ns ? -1 : a.ns > other.ns ? 1 : 0
  }
  throw noOverload(name)
}

/**
 * Returns `undefined` unless both are numbers; compares a double with an integer as doubles, as the
 * reference does.
 */
function compareNumbers(a: Value, b: Value): number | undefined {
  const left = a instanceof CelUint ? a.value : a
  const right = b instanceof CelUint ? b.value : b
  if (typeof left === 'bigint' && typeof right === 'bigint')
    return left < right ? -1 : left > right ? 1 : 0
  if (typeof left === 'number' && typeof right === 'number') return compareDoubles(left, right)
  if (typeof left === 'number' && typeof right === 'bigint')
    return compareDoubles(left, Number(right))
  if (typeof left === 'bigint' && typeof right === 'number')
    return compareDoubles(Number(left), right)
  return undefined
}

function compareDoubles(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN
}
