import { isBytes } from '../text/bytes.js'
/** Renders a value for messages, short and safe: never a whole value, never bytes. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  if (isBytes(value)) return `${value.length} bytes`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object')
    return `an object of type ${value.constructor?.name ?? 'null prototype'}`
  return typeof value === 'function' ? 'a function' : String(value as symbol | undefined)
}
