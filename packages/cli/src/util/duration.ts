import { UsageError } from './usage-error.js'

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

/** Parses `90s`, `30m`, `24h`, `7d` or `2w` to milliseconds. Errors: UsageError. */
export function parseDuration(text: string, option: string): number {
  const [, digits, unit] = /^(\d{1,15}(?:\.\d{1,15})?)(ms|s|m|h|d|w)$/.exec(text) ?? []
  if (digits !== undefined) return Math.round(Number(digits) * UNITS[unit!]!)
  throw new UsageError(
    `${option} must be a number and a unit (ms, s, m, h, d, w), for example 24h, got "${text}"`,
  )
}
