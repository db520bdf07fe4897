import { invalidValue } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'

// The years of a Python datetime; the peer cannot read timestamps beyond them.
const MIN_MICROS = -62_135_596_800_000_000n // 0001-01-01T00:00:00Z
const MAX_MICROS = 253_402_300_799_999_999n // 9999-12-31T23:59:59.999999Z

/** Unix numbers above this are milliseconds, below it seconds (wire-format §1.5). */
const SECONDS_LIMIT = 20_000_000_000n

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt _](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)? ?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/
const UNIX = /^([+-]?)(\d+)(?:\.(\d*))?$/
const MAX_TEXT_LENGTH = 64

let last = 0n

/**
 * Returns microseconds since 1970 in UTC, greater on every call within the process, even if the
 * clock is set back.
 */
export function nowMicros(): bigint {
  const now = BigInt(Date.now()) * 1000n
  last = now > last ? now : last + 1n
  return last
}

/**
 * Formats a time for key names: always six fraction digits, so that names sort by time (wire-format
 * §1.5).
 */
export function formatKeyTimestamp(micros: bigint): string {
  if (micros < MIN_MICROS || micros > MAX_MICROS) {
    throw invalidValue(
      'formatKeyTimestamp',
      `expected a time from year 1 to 9999 (microseconds), got ${micros}n`,
      { peer: null },
    )
  }
  const rest = modulo(micros, 1000n)
  const millis = new Date(Number((micros - rest) / 1000n)).toISOString()
  return `${millis.slice(0, -1)}${rest.toString().padStart(3, '0')}Z`
}

/**
 * Formats a time for JSON, YAML and SQLite: six fraction digits, or none if there is no fraction.
 */
export function formatTextTimestamp(micros: bigint): string {
  return formatKeyTimestamp(micros).replace('.000000Z', 'Z')
}

/**
 * Parses a timestamp of any writer to microseconds since 1970.
 *
 * Shape: ISO 8601 with `T` or a space, any number of fraction digits (cut after six), `Z`, an
 * offset or none (UTC); a date alone; or Unix seconds or milliseconds as text. Errors:
 * SHARD_INVALID_VALUE. Source: wire-format §1.5.
 */
export function parseTimestamp(text: string): bigint {
  const micros = tryParseTimestamp(text)
  if (micros !== undefined) return micros
  throw invalidValue(
    'parseTimestamp',
    `expected a timestamp such as 2026-01-02T03:04:05.000006Z, got ${describeValue(text)}`,
    { peer: 'ValueError' },
  )
}

/** The same, but returns `undefined` for text that is not a timestamp. */
export function tryParseTimestamp(text: string): bigint | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined
  const micros = parseDateTime(text) ?? parseUnix(text)
  if (micros === undefined || micros < MIN_MICROS || micros > MAX_MICROS) return undefined
  return micros
}

function parseDateTime(text: string): bigint | undefined {
  const match = DATE_TIME.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0)) as [number, number, number, number, number, number]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  // Not Date.UTC, which reads the years 0 to 99 as 1900 to 1999.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (year === 0 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  date.setUTCHours(hour, minute, second)
  const offset = offsetMinutes(match[8])
  if (offset === undefined) return undefined
  return BigInt(date.getTime() - offset * 60_000) * 1000n + fraction(match[7], 6)
}

function offsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', ''))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

function parseUnix(text: string): bigint | undefined {
  const match = UNIX.exec(text.trim())
  if (match === null) return undefined
  const whole = BigInt(match[2]!)
  const micros =
    whole > SECONDS_LIMIT
      ? whole * 1000n + fraction(match[3], 3)
      : whole * 1_000_000n + fraction(match[3], 6)
  return match[1] === '-' ? -micros : micros
}

function fraction(digits: string | undefined, length: number): bigint {
  return BigInt((digits ?? '').slice(0, length).padEnd(length, '0'))
}

function modulo(value: bigint, divisor: bigint): bigint {
  return ((value % divisor) + divisor) % divisor
}
