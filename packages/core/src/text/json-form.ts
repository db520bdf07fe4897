import { isBytes } from './bytes.js'

/**
 * A replacer for `JSON.stringify`: integers of 64 bits become decimal text, bytes base64, maps and sets
 * arrays, as in the JSON of Protocol Buffers. Results of this package need none.
 *
 * @example
 * for await (const entry of reader.scanIter()) console.log(JSON.stringify(entry, jsonReplacer))
 */
export const jsonReplacer = function (this: unknown, name: string, value: unknown): unknown {
  // JSON.stringify has called toJSON() before: `value` is then its result.
  const original = (this as Readonly<Record<string, unknown>> | undefined)?.[name] ?? value
  return isBytes(original) ? base64(original) : simple(value)
}

/** Adds `toJSON()` to a result that may have integers of 64 bits, so that `JSON.stringify` works. */
export function withJson<T extends object>(result: T): T {
  return Object.defineProperty(result, 'toJSON', JSON_FORM)
}

/** Not enumerable: it is not part of the data, and does not cross threads. */
const JSON_FORM: PropertyDescriptor & ThisType<object> = {
  value(this: object) {
    return plainObject(this)
  },
  configurable: true,
}

/** Returns the same as plain data, at any depth. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (isBytes(value)) return base64(value)
  const listed = simple(value)
  if (Array.isArray(listed)) return listed.map(plain)
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return value
  return plainObject(value)
}

function plainObject(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}

function simple(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return isCollection(value) ? [...value] : value
}

/** Maps and sets, also those of other realms. */
function isCollection(value: unknown): value is Iterable<unknown> {
  const tag = Object.prototype.toString.call(value)
  return tag === '[object Map]' || tag === '[object Set]'
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}
