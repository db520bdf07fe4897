import type { ShardyfusionError } from '../errors.js'
import { invalidValue } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import type { ValueEncoding } from '../types.js'
import { isWellFormed } from '../text/well-formed.js'
import { isBytes } from '../text/bytes.js'

/** The type of a value that `put` accepts, by `valueEncoding`. */
export type ValueInput<E extends ValueEncoding> = E extends 'utf8'
  ? string
  : E extends 'json'
    ? unknown
    : Uint8Array

const utf8 = new TextEncoder()

/** Makes the function that encodes a caller's value as stored bytes. */
export function valueEncoder(
  encoding: ValueEncoding,
  where: string,
): (value: unknown) => Uint8Array {
  switch (encoding) {
    case 'bytes':
      return (value) => {
        if (isBytes(value)) return value
        throw badValue(where, "bytes (Uint8Array), or set valueEncoding: 'utf8' or 'json'", value)
      }
    case 'utf8':
      return (value) => {
        if (typeof value === 'string') {
          if (isWellFormed(value)) return utf8.encode(value)
          // Encoding would silently replace it.
          throw badValue(where, 'well-formed text, but it has a lone surrogate', value)
        }
        throw badValue(where, "text, as valueEncoding is 'utf8'", value)
      }
    case 'json':
      return (value) => {
        let json: string | undefined
        try {
          json = JSON.stringify(value)
        } catch (cause) {
          throw badValue(where, 'plain JSON data (no bigint, no cycles)', value, cause)
        }
        if (json !== undefined) return utf8.encode(json)
        throw badValue(where, 'plain JSON data', value)
      }
  }
}

function badValue(
  where: string,
  expected: string,
  value: unknown,
  cause?: unknown,
): ShardyfusionError {
  return invalidValue(where, `value must be ${expected}, got ${describeValue(value)}`, { cause })
}
