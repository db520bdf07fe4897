import { requireInt64 } from '../../../keys/routing-bytes.js'
import { xxh3, xxh3OfBigInt } from '../../xxh3.js'
import { add, divide, multiply, negate, remainder, subtract } from './arithmetic.js'
import type { Budget } from './budget.js'
import { CelFailure, MissingMember, noOverload } from '../cel-failure.js'
import { compareValues, isEqual } from './compare.js'
import {
  toBool,
  toBytes,
  toDouble,
  toDuration,
  toInt,
  toText,
  toTimestamp,
  toUint,
} from './convert.js'
import type { Patterns } from './patterns.js'
import { codePoints, includesText } from './text.js'
import { spanField, timeField } from './time.js'
import { localTime } from './time-zone.js'
import {
  CelDuration,
  CelMap,
  CelTimestamp,
  CelTypeName,
  CelUint,
  isList,
  typeName,
  type Value,
} from './values.js'
import { isBytes } from '../../../text/bytes.js'

export type Unary = (a: Value, budget: Budget) => Value
export type Binary = (a: Value, b: Value, budget: Budget) => Value

const TIME_FIELDS = [
  'getFullYear',
  'getMonth',
  'getDayOfYear',
  'getDayOfMonth',
  'getDate',
  'getDayOfWeek',
  'getHours',
  'getMinutes',
  'getSeconds',
  'getMilliseconds',
]
const SPAN_FIELDS = new Set(TIME_FIELDS.slice(6))

/** Types that `in` looks up in a map. */
const KEY_TYPES = new Set(['int', 'uint', 'double', 'string', 'bool'])

/** Functions of one argument, by name; the target of a member call is its argument. */
export const UNARY: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ['!_', (a) => !requireBool(a, '!')],
  ['-_', negate],
  ['size', size],
  ['bool', toBool],
  ['bytes', toBytes],
  ['double', toDouble],
  ['duration', toDuration],
  ['int', toInt],
  ['string', toText],
  ['timestamp', toTimestamp],
  ['uint', toUint],
  ['dyn', (a) => a],
  ['type', (a) => new CelTypeName(typeName(a))],
  ['shard_hash', shardHash],
  ...TIME_FIELDS.map((name): [string, Unary] => [name, (a) => field(name, a)]),
])

/** Functions of two arguments, by name. */
export const BINARY: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ['_+_', add],
  ['_-_', subtract],
  ['_*_', multiply],
  ['_/_', divide],
  ['_%_', remainder],
  ['_==_', isEqual],
  ['_!=_', (a, b, budget) => !isEqual(a, b, budget)],
  ['_<_', (a, b, budget) => compareValues(a, b, '<', budget) < 0],
  ['_<=_', (a, b, budget) => compareValues(a, b, '<=', budget) <= 0],
  ['_>_', (a, b, budget) => compareValues(a, b, '>', budget) > 0],
  ['_>=_', (a, b, budget) => compareValues(a, b, '>=', budget) >= 0],
  ['@in', isIn],
  ['_[_]', itemAt],
  ['contains', textTest('contains', includesText)],
  ['startsWith', textTest('startsWith', (text, part) => text.startsWith(part))],
  ['endsWith', textTest('endsWith', (text, part) => text.endsWith(part))],
  ...TIME_FIELDS.map((name): [string, Binary] => [name, (a, zone) => fieldInZone(name, a, zone)]),
])

export function matcher(patterns: Patterns): Binary {
  const own = patterns.fork()
  return textTest('matches', (text, pattern, budget) => own.matches(text, pattern, budget))
}

export function requireBool(value: Value, name: string): boolean {
  if (typeof value !== 'boolean') throw noOverload(name)
  return value
}

/** Returns a field of a map. Errors: CelFailure for another value, or a missing field. */
export function fieldOf(value: Value, name: string): Value {
  const found = fieldIn(value, name)
  if (found === undefined) throw new MissingMember(`the map has no key ${JSON.stringify(name)}`)
  return found
}

export function fieldIn(value: Value, name: string): Value | undefined {
  if (!(value instanceof CelMap)) {
    const problem = `${typeName(value)} has no fields; only a map has`
    // In JSON, null stands for a map that does not exist.
    throw value === null ? new MissingMember(problem) : new CelFailure(problem)
  }
  return value.get(name)
}

function size(a: Value, budget: Budget): bigint {
  if (typeof a === 'string') return codePoints(a, budget)
  if (isBytes(a) || isList(a)) return BigInt(a.length)
  if (a instanceof CelMap) return BigInt(a.size)
  throw noOverload('size()')
}

function isIn(a: Value, b: Value, budget: Budget): boolean {
  if (b instanceof CelMap && KEY_TYPES.has(typeName(a))) return b.get(a) !== undefined
  if (!isList(b)) throw noOverload('in')
  budget.steps(b.length)
  return b.some((item) => isEqual(a, item, budget))
}

function itemAt(a: Value, b: Value): Value {
  if (a instanceof CelMap) {
    const found = a.get(b)
    if (found === undefined) throw new CelFailure('the map does not have the key')
    return found
  }
  if (!isList(a)) throw new CelFailure(`${typeName(a)} has no items; only a list or a map has`)
  const index = b instanceof CelUint ? b.value : b
  const whole = typeof index === 'bigint' || (typeof index === 'number' && Number.isInteger(index))
  if (!whole) throw new CelFailure(`a list takes an integer as index, got ${typeName(b)}`)
  const item = index >= 0 && index < a.length ? a[Number(index)] : undefined
  if (item === undefined) throw new CelFailure(`index ${index} is out of the list of ${a.length}`)
  return item
}

function textTest(
  name: string,
  test: (text: string, part: string, budget: Budget) => boolean,
): Binary {
  return (a, b, budget) => {
    if (typeof a !== 'string' || typeof b !== 'string') throw noOverload(`${name}()`)
    return test(a, b, budget)
  }
}

function field(name: string, a: Value): bigint {
  if (a instanceof CelTimestamp) return timeField(name, a.ns)
  if (a instanceof CelDuration && SPAN_FIELDS.has(name)) return spanField(name, a.ns)
  throw noOverload(`${name}()`)
}

function fieldInZone(name: string, a: Value, zone: Value): bigint {
  if (!(a instanceof CelTimestamp) || typeof zone !== 'string') throw noOverload(`${name}()`)
  return timeField(name, localTime(a.ns, zone))
}

// `shard_hash` is xxh3_64 of the routing bytes, whatever the manifest's hash algorithm; a uint is
// hashed like the equal int. Text is well-formed here: columns are checked, and CEL cannot create a
// lone surrogate.
function shardHash(a: Value, budget: Budget): CelUint {
  if (typeof a === 'bigint') return new CelUint(xxh3OfBigInt(a))
  if (typeof a === 'string' || isBytes(a)) {
    budget.read(a.length)
    return new CelUint(xxh3(a))
  }
  if (!(a instanceof CelUint)) throw noOverload('shard_hash()')
  try {
    requireInt64(a.value, 'shard_hash')
  } catch (error) {
    throw new CelFailure((error as Error).message)
  }
  return new CelUint(xxh3OfBigInt(a.value))
}
