import { trimSpace } from './time.js'

const DECIMAL = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const HEX = /^0[xX]([0-9A-Fa-f]*)(?:\.([0-9A-Fa-f]*))?(?:[pP]([+-]?\d{1,6}))?$/
/** Digits of the largest integer. */
const MAX_DIGITS = 20

/**
 * Parses a decimal integer with white space around it, a sign and leading zeros; `undefined` for
 * other text.
 */
export function integerInText(text: string, signed: boolean): bigint | undefined {
  const trimmed = trimSpace(text)
  const sign = trimmed[0]
  let at = sign === '+' || (signed && sign === '-') ? 1 : 0
  if (at === trimmed.length) return undefined
  while (trimmed[at] === '0' && at < trimmed.length - 1) at++
  const digits = trimmed.slice(at)
  if (digits.length > MAX_DIGITS || !/^\d+$/.test(digits)) return undefined
  const size = BigInt(digits)
  return sign === '-' ? -size : size
}

/** Parses a number as C does, also hexadecimal, `inf` and `nan`; `undefined` for other text. */
export function doubleInText(text: string): number | undefined {
  const trimmed = trimSpace(text)
  const negative = trimmed.startsWith('-')
  const size = sizeInText(negative || trimmed.startsWith('+') ? trimmed.slice(1) : trimmed)
  return size === undefined ? undefined : negative ? -size : size
}

function sizeInText(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text)
  const lower = text.slice(0, 32).toLowerCase()
  if (text.length < 9 && (lower === 'inf' || lower === 'infinity')) return Number.POSITIVE_INFINITY
  if (text.length < 32 && /^nan(?:\(\w*\))?$/.test(lower)) return Number.NaN
  const [, whole = '', fraction = '', exponent = '0'] = HEX.exec(text.slice(0, 1000)) ?? []
  if (text.length > 1000 || whole + fraction === '') return undefined
  const mantissa = Number(BigInt(`0x${whole}${fraction}`))
  return mantissa * 2 ** (Number(exponent) - 4 * fraction.length)
}
