import type { ValueCodec } from './value-codec.js'

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const codec: ValueCodec = {
  name: 'json',
  // Text that a writer did not declare as JSON may be it.
  reads: ['utf8'],
  encode(value) {
    const json = JSON.stringify(value) as string | undefined
    if (json === undefined) throw new TypeError('JSON has no form of this value')
    return utf8.encode(json)
  },
  decode: (bytes) => JSON.parse(strictUtf8.decode(bytes)) as unknown,
}

/**
 * JSON with a type: stores what `values: 'json'` does, and types the reader as `T`, which nothing
 * checks. The option `schema` checks.
 *
 * @example
 * const reader = await SnapshotReader.open({ prefix, values: jsonValues<City>() })
 */
export function jsonValues<T>(): ValueCodec<T> {
  return codec as ValueCodec<T>
}

/** Returns true for the option `'json'` and for `jsonValues()`, which readers treat alike. */
export function isJson(values: unknown): boolean {
  return values === 'json' || values === codec
}
