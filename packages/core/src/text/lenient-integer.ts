// Python refuses to convert longer digits, too, and they would cost quadratic time here.
const INTEGER_TEXT = /^\s*([+-]?\d{1,4300})(?:\.0*)?\s*$/

/**
 * Returns the integer that a stored value stands for, `undefined` if there is none.
 *
 * Integral numbers, digits as text and booleans count, as in the reference. Source: wire-format §17
 * item 12; peer pydantic's lax mode.
 */
export function toInteger(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string') return undefined
  const digits = INTEGER_TEXT.exec(value)?.[1]
  return digits === undefined ? undefined : BigInt(digits.replace('+', ''))
}
