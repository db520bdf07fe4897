/** Fractions of a second per unit. */
export const UNITS = {
  SECONDS: { perSecond: 1n, digits: 0 },
  MILLIS: { perSecond: 1_000n, digits: 3 },
  MICROS: { perSecond: 1_000_000n, digits: 6 },
  NANOS: { perSecond: 1_000_000_000n, digits: 9 },
} as const

export type TimeUnit = keyof typeof UNITS

const MS_PER_DAY = 86_400_000
const MAX_DAYS = 100_000_000

/**
 * Formats a timestamp as ISO 8601 text with all its digits; `Z` ends one that is in UTC.
 *
 * Errors: RangeError for a year beyond ±271,821.
 */
export function timestampText(count: bigint | number, unit: TimeUnit, isUtc: boolean): string {
  const { perSecond, digits } = UNITS[unit]
  const value = BigInt(count)
  const fraction = ((value % perSecond) + perSecond) % perSecond
  const ms = ((value - fraction) / perSecond) * 1_000n
  // toISOString ends with `.000Z`.
  const seconds = new Date(Number(ms)).toISOString().slice(0, -5)
  return `${seconds}${fractionText(fraction, digits)}${isUtc ? 'Z' : ''}`
}

/** Formats days since 1970-01-01. Errors: RangeError for a year beyond ±271,821. */
export function dateText(days: number): string {
  if (Math.abs(days) > MAX_DAYS) throw new RangeError(`${days} days are not a date`)
  return new Date(days * MS_PER_DAY).toISOString().slice(0, -14)
}

/** Formats a time of day with all its digits. */
export function timeText(count: bigint | number, unit: TimeUnit): string {
  const { perSecond, digits } = UNITS[unit]
  const value = BigInt(count)
  const fraction = value % perSecond
  const seconds = Number(value / perSecond)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':')
  return `${clock}${fractionText(fraction, digits)}`
}

function fractionText(fraction: bigint, digits: number): string {
  return fraction === 0n ? '' : `.${String(fraction).padStart(digits, '0')}`
}
