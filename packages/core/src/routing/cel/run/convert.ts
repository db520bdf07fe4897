import type { Budget } from './budget.js'
import { CelFailure, noOverload } from '../cel-failure.js'
import { doubleInText, integerInText } from './numbers-in-text.js'
import { textOfDouble } from './text-of-double.js'
import {
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
  secondsOf,
  timestampOf,
} from './time.js'
import { CelDuration, CelTimestamp, CelUint, type Value } from './values.js'
import { isBytes } from '../../../text/bytes.js'

const TRUE = new Set(['1', 't', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'false', 'FALSE', 'False'])
const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)
const MAX_UINT64 = 2n ** 64n - 1n
const SECOND = 1_000_000_000n
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function toInt(value: Value, budget: Budget): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof CelUint) {
    if (value.value > MAX_INT64) throw new CelFailure('uint64 out of int64 range')
    return value.value
  }
  if (typeof value === 'number') {
    // The limits themselves are refused, as in the reference.
    if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new CelFailure('double out of int64 range')
    return BigInt(Math.trunc(value))
  }
  if (typeof value === 'string') {
    budget.read(value.length)
    const integer = integerInText(value, true)
    if (integer !== undefined && integer >= MIN_INT64 && integer <= MAX_INT64) return integer
    throw new CelFailure('cannot convert string to int')
  }
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (value instanceof CelTimestamp) return secondsOf(value)
  throw noOverload('int()')
}

export function toUint(value: Value, budget: Budget): CelUint {
  if (value instanceof CelUint) return value
  if (typeof value === 'bigint') {
    if (value < 0n) throw new CelFailure('int64 out of uint64 range')
    return new CelUint(value)
  }
  if (typeof value === 'number') {
    if (!(value >= 0 && value < 2 ** 64)) throw new CelFailure('double out of uint64 range')
    return new CelUint(BigInt(Math.trunc(value)))
  }
  if (typeof value === 'string') {
    budget.read(value.length)
    const integer = integerInText(value, false)
    if (integer !== undefined && integer <= MAX_UINT64) return new CelUint(integer)
    throw new CelFailure('cannot convert string to uint')
  }
  throw noOverload('uint()')
}

export function toDouble(value: Value, budget: Budget): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof CelUint) return Number(value.value)
  if (typeof value === 'string') {
    budget.read(value.length)
    const number = doubleInText(value)
    if (number !== undefined) return number
    throw new CelFailure('cannot convert string to double')
  }
  throw noOverload('double()')
}

export function toText(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return textOfDouble(value)
  if (value instanceof CelUint) return String(value.value)
  if (isBytes(value)) {
    budget.make(value.length * 2)
    try {
      return decoder.decode(value)
    } catch {
      throw new CelFailure('malformed UTF-8 bytes')
    }
  }
  if (value instanceof CelTimestamp) return formatTimestamp(value)
  if (value instanceof CelDuration) return formatDuration(value)
  throw noOverload('string()')
}

export function toBytes(value: Value, budget: Budget): Uint8Array {
  if (isBytes(value)) return value
  if (typeof value !== 'string') throw noOverload('bytes()')
  budget.make(value.length * 3)
  return encoder.encode(value)
}

export function toBool(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') throw noOverload('bool()')
  if (TRUE.has(value)) return true
  if (FALSE.has(value)) return false
  throw new CelFailure("Type conversion error from 'string' to 'bool'")
}

export function toTimestamp(value: Value, budget: Budget): CelTimestamp {
  if (value instanceof CelTimestamp) return value
  if (typeof value === 'bigint') return timestampOf(value * SECOND)
  if (typeof value !== 'string') throw noOverload('timestamp()')
  budget.read(value.length)
  return parseTimestamp(value)
}

export function toDuration(value: Value, budget: Budget): CelDuration {
  if (value instanceof CelDuration) return value
  if (typeof value !== 'string') throw noOverload('duration()')
  budget.read(value.length * 16)
  return parseDuration(value)
}
