import type { Budget } from './budget.js'
import { CelFailure, noOverload } from '../cel-failure.js'
import { addSpans, spanOf, timestampOf } from './time.js'
import { CelDuration, CelTimestamp, CelUint, isList, type Value } from './values.js'
import { isBytes } from '../../../text/bytes.js'

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n

export function add(a: Value, b: Value, budget: Budget): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a + b)
  if (typeof a === 'string' && typeof b === 'string') {
    budget.make((a.length + b.length) * 2)
    return a + b
  }
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (a instanceof CelUint && b instanceof CelUint) return uint(a.value + b.value)
  if (isBytes(a) && isBytes(b)) {
    budget.make(a.length + b.length)
    const both = new Uint8Array(a.length + b.length)
    both.set(a)
    both.set(b, a.length)
    return both
  }
  if (isList(a) && isList(b)) {
    budget.make((a.length + b.length) * 8)
    return [...a, ...b]
  }
  if (a instanceof CelDuration && b instanceof CelDuration) return addSpans(a.ns, b.ns)
  if (a instanceof CelTimestamp && b instanceof CelDuration) return timestampOf(a.ns + b.ns)
  if (a instanceof CelDuration && b instanceof CelTimestamp) return timestampOf(a.ns + b.ns)
  throw noOverload('+')
}

export function subtract(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a - b)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (a instanceof CelUint && b instanceof CelUint) return uint(a.value - b.value)
  if (a instanceof CelDuration && b instanceof CelDuration) return addSpans(a.ns, -b.ns)
  if (a instanceof CelTimestamp && b instanceof CelDuration) return timestampOf(a.ns - b.ns)
  if (a instanceof CelTimestamp && b instanceof CelTimestamp) return spanOf(a.ns - b.ns)
  throw noOverload('-')
}

export function multiply(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a * b)
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (a instanceof CelUint && b instanceof CelUint) return uint(a.value * b.value)
  throw noOverload('*')
}

export function divide(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a / divisor(b, 'divide'))
  if (typeof a === 'number' && typeof b === 'number') return a / b
  if (a instanceof CelUint && b instanceof CelUint)
    return new CelUint(a.value / divisor(b.value, 'divide'))
  throw noOverload('/')
}

export function remainder(a: Value, b: Value): Value {
  if (a instanceof CelUint && b instanceof CelUint)
    return new CelUint(a.value % divisor(b.value, 'modulus'))
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (a === MIN_INT64 && b === -1n) throw new CelFailure('integer overflow')
    return a % divisor(b, 'modulus')
  }
  throw noOverload('%')
}

export function negate(a: Value): Value {
  if (typeof a === 'bigint') return int(-a)
  if (typeof a === 'number') return -a
  throw noOverload('-')
}

/** Errors: CelFailure outside of -2^63 to 2^63-1. */
function int(value: bigint): bigint {
  if (value < MIN_INT64 || value > MAX_INT64) throw new CelFailure('integer overflow')
  return value
}

/** Errors: CelFailure outside of 0 to 2^64-1. */
function uint(value: bigint): CelUint {
  if (value < 0n || value > MAX_UINT64) throw new CelFailure('unsigned integer overflow')
  return new CelUint(value)
}

function divisor(value: bigint, operation: 'divide' | 'modulus'): bigint {
  if (value === 0n) throw new CelFailure(`${operation} by zero`)
  return value
}
