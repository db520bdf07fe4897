import { CelFailure } from '../cel-failure.js'
import { CelDuration, CelTimestamp } from './values.js'

const SECOND = 1_000_000_000n
const MINUTE = 60n * SECOND
const HOUR = 60n * MINUTE
const DAY = 24n * HOUR
const MIN_TIMESTAMP = -62_135_596_800n * SECOND
const MAX_TIMESTAMP = 253_402_300_800n * SECOND - 1n
/** 10,000 years. */
const MAX_DURATION = 315_576_000_001n * SECOND - 1n
const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
}
const TIMESTAMP =
  /^(-?\d{1,9})-(\d{1,2})-(\d{1,2})[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d+))?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)$/
const TERM = /(\d*)(\.\d*)?(ns|us|ms|s|m|h)/y

/** Errors: CelFailure outside of the years 1 to 9999. */
export function timestampOf(ns: bigint): CelTimestamp {
  if (ns < MIN_TIMESTAMP || ns > MAX_TIMESTAMP) throw new CelFailure('timestamp overflow')
  return new CelTimestamp(ns)
}

/** Errors: CelFailure beyond 64 bits of nanoseconds, which is 292 years. */
export function spanOf(ns: bigint): CelDuration {
  if (ns < MIN_INT64 || ns > MAX_INT64) throw new CelFailure('integer overflow')
  return new CelDuration(ns)
}

/** Adds two spans, each limited to 64 bits of nanoseconds first, as the reference does. */
export function addSpans(a: bigint, b: bigint): CelDuration {
  return spanOf(held(a) + held(b))
}

function held(ns: bigint): bigint {
  return ns < MIN_INT64 ? MIN_INT64 : ns > MAX_INT64 ? MAX_INT64 : ns
}

/**
 * Parses RFC 3339 text as Abseil does: single digits, surrounding white space, a second 60. Errors:
 * CelFailure.
 */
export function parseTimestamp(text: string): CelTimestamp {
  const fields = TIMESTAMP.exec(trimSpace(text))
  if (fields === null) throw new CelFailure('String to Timestamp conversion failed')
  const [year, month, day, hour, minute, second] = fields.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const offset =
    (Number(fields[9] ?? 0) * 60 + Number(fields[10] ?? 0)) * (fields[8] === '-' ? -1 : 1)
  const days = daysFromCivil(year, month, day)
  const back = civilFromDays(days)
  const dayExists = back.month === month && back.day === day
  const clock = hour < 24 && minute < 60 && second <= 60
  const zone = Number(fields[9] ?? 0) < 24 && Number(fields[10] ?? 0) < 60
  if (!dayExists || !clock || !zone) throw new CelFailure('String to Timestamp conversion failed')
  const seconds = BigInt(days) * 86_400n + BigInt((hour * 60 + minute - offset) * 60 + second)
  const fraction = (fields[7] ?? '').slice(0, 9).padEnd(9, '0')
  return timestampOf(seconds * SECOND + BigInt(fraction))
}

/** Parses text such as `1h30m` or `-1.5s`. Errors: CelFailure. */
export function parseDuration(text: string): CelDuration {
  const signed = text.startsWith('-') || text.startsWith('+')
  let at = signed ? 1 : 0
  // In quarters of a nanosecond, the unit to which Abseil truncates fractions.
  let quarters = 0n
  if (text.slice(at) !== '0') {
    do {
      TERM.lastIndex = at
      const [term, whole = '', fraction = '', unit] = TERM.exec(text) ?? []
      if (term === undefined || (whole === '' && fraction.length < 2) || whole.length > 40)
        throw badDuration()
      const count = BigInt(whole === '' ? 0 : whole)
      if (count > MAX_INT64) throw badDuration()
      const digits = fraction.slice(1, 19)
      const part =
        digits === '' ? 0n : (BigInt(digits) * UNITS[unit!]! * 4n) / 10n ** BigInt(digits.length)
      quarters += count * UNITS[unit!]! * 4n + part
      at += term.length
    } while (at < text.length)
  }
  const ns = (text.startsWith('-') ? -quarters : quarters) / 4n
  if (ns > MAX_DURATION || ns < -MAX_DURATION)
    throw new CelFailure('a duration may have at most 10,000 years')
  return new CelDuration(ns)
}

export function formatTimestamp({ ns }: CelTimestamp): string {
  const { year, month, day } = civilFromDays(Number(floorDivide(ns, DAY)))
  const inDay = floorModulo(ns, DAY)
  const clock = [inDay / HOUR, (inDay / MINUTE) % 60n, (inDay / SECOND) % 60n]
    .map((n) => pad(n, 2))
    .join(':')
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock}${fractionText(inDay % SECOND)}Z`
}

export function formatDuration({ ns }: CelDuration): string {
  const size = ns < 0n ? -ns : ns
  return `${ns < 0n ? '-' : ''}${size / SECOND}${fractionText(size % SECOND)}s`
}

/** None, 3, 6 or 9 digits, as in the JSON of protocol buffers. */
function fractionText(ns: bigint): string {
  if (ns === 0n) return ''
  const digits = pad(ns, 9)
  return `.${digits.endsWith('000000') ? digits.slice(0, 3) : digits.endsWith('000') ? digits.slice(0, 6) : digits}`
}

/** Whole seconds since 1970, rounded down. */
export function secondsOf({ ns }: CelTimestamp): bigint {
  return floorDivide(ns, SECOND)
}

/** Returns a field of the clock and calendar for a local time in nanoseconds since 1970. */
export function timeField(name: string, ns: bigint): bigint {
  const days = Number(floorDivide(ns, DAY))
  const inDay = floorModulo(ns, DAY)
  switch (name) {
    case 'getHours':
      return inDay / HOUR
    case 'getMinutes':
      return (inDay / MINUTE) % 60n
    case 'getSeconds':
      return (inDay / SECOND) % 60n
    case 'getMilliseconds':
      return (inDay / 1_000_000n) % 1000n
    case 'getDayOfWeek':
      return BigInt((((days + 4) % 7) + 7) % 7)
    default:
  }
  const { year, month, day } = civilFromDays(days)
  switch (name) {
    case 'getFullYear':
      return BigInt(year)
    case 'getMonth':
      return BigInt(month - 1)
    case 'getDate':
      return BigInt(day)
    case 'getDayOfMonth':
      return BigInt(day - 1)
    default:
      return BigInt(days - daysFromCivil(year, 1, 1))
  }
}

/**
 * Returns a span in whole hours, minutes or seconds; for milliseconds, only those beyond the last
 * whole second.
 */
export function spanField(name: string, ns: bigint): bigint {
  if (name === 'getHours') return ns / HOUR
  if (name === 'getMinutes') return ns / MINUTE
  return name === 'getSeconds' ? ns / SECOND : (ns / 1_000_000n) % 1000n
}

/**
 * Returns the days from 1970 to a date of the Gregorian calendar, including dates before its
 * introduction.
 */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** Removes surrounding ASCII white space. */
export function trimSpace(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d)
}

function floorDivide(a: bigint, b: bigint): bigint {
  return (a - floorModulo(a, b)) / b
}

function floorModulo(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b
}

function pad(value: bigint | number, digits: number): string {
  return String(value).padStart(digits, '0')
}

function badDuration(): CelFailure {
  return new CelFailure('String to Duration conversion failed')
}
