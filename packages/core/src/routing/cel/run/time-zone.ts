import { CelFailure } from '../cel-failure.js'
import { daysFromCivil } from './time.js'

const MS = 1_000_000n
const MAX_ZONES = 64
const formats = new Map<string, Intl.DateTimeFormat>()

/**
 * Returns the local time of a zone, both in nanoseconds since 1970.
 *
 * Shape of `zone`: a name of the IANA database, or an offset such as `+02:00`. Errors: CelFailure.
 */
export function localTime(ns: bigint, zone: string): bigint {
  if (zone === '' || zone === 'UTC') return ns
  const colon = zone.indexOf(':')
  if (colon !== -1) return ns + offsetOf(zone.slice(0, colon), zone.slice(colon + 1))
  // Fractions of a millisecond are the same in every zone.
  const rest = ((ns % MS) + MS) % MS
  const parts = formatOf(zone).formatToParts(Number((ns - rest) / MS))
  const field = (type: string): number => Number(parts.find((part) => part.type === type)?.value)
  const before = parts.some(({ type, value }) => type === 'era' && value.startsWith('B'))
  const year = before ? 1 - field('year') : field('year')
  const days = daysFromCivil(year, field('month'), field('day'))
  const seconds = (field('hour') * 60 + field('minute')) * 60 + field('second')
  return (
    BigInt(days * 86_400 + seconds) * 1000n * MS + BigInt(field('fractionalSecond')) * MS + rest
  )
}

function offsetOf(hours: string, minutes: string): bigint {
  if (!/^[+-]?\d{1,2}$/.test(hours) || !/^\d{1,2}$/.test(minutes)) throw badZone()
  const size = Math.abs(Number(hours)) * 60 + Number(minutes)
  return BigInt(hours.startsWith('-') ? -size : size) * 60_000n * MS
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (format !== undefined) return format
  if (!/^[A-Za-z][\w+\-/]{0,63}$/.test(zone)) throw badZone()
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      fractionalSecondDigits: 3,
    })
  } catch {
    throw badZone()
  }
  // Names differ by case; if the runtime returns another name for a zone, there is nothing to
  // compare.
  const known = format.resolvedOptions().timeZone
  if (known !== zone && known.toLowerCase() === zone.toLowerCase()) throw badZone()
  if (formats.size >= MAX_ZONES) formats.clear()
  formats.set(zone, format)
  return format
}

function badZone(): CelFailure {
  return new CelFailure('Invalid timezone')
}
