/**
 * `string(double)`: the shortest digits that read back, with an exponent from 10^6 and below 10^-4.
 *
 * Source: the output of cel-cpp.
 */
export function textOfDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const text = value.toExponential()
  const mark = text.indexOf('e')
  const exponent = Number(text.slice(mark + 1))
  if (exponent >= -4 && exponent < 6) return String(value)
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return `${text.slice(0, mark)}e${exponent < 0 ? '-' : '+'}${size}`
}
