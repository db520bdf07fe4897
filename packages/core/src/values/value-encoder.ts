import type { ShardyfusionError } from '../errors.js'
import { invalidValue } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import { isWellFormed } from '../text/well-formed.js'
import { isBytes } from '../text/bytes.js'
import { isJson } from './json-values.js'
import type { ValueCodec, ValuesOption } from './value-codec.js'

const utf8 = new TextEncoder()

/** Makes the function that encodes a caller's value as stored bytes. */
export function valueEncoder(values: ValuesOption, where: string): (value: unknown) => Uint8Array {
  switch (isJson(values) ? 'json' : values) {
    case 'bytes':
      return (value) => {
        if (isBytes(value)) return value
        throw badValue(where, "bytes (Uint8Array), or set values: 'utf8' or 'json'", value)
      }
    case 'utf8':
      return (value) => {
        if (typeof value === 'string') {
          if (isWellFormed(value)) return utf8.encode(value)
          // Encoding would silently replace it.
          throw badValue(where, 'well-formed text, but it has a lone surrogate', value)
        }
        throw badValue(where, "text, because values is 'utf8'", value)
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
    default:
      return codecEncoder(values as ValueCodec, where)
  }
}

function codecEncoder(codec: ValueCodec, where: string): (value: unknown) => Uint8Array {
  return (value) => {
    let bytes: unknown
    try {
      bytes = codec.encode(value)
    } catch (cause) {
      throw badValue(where, 'a value that the codec can encode', value, cause)
    }
    if (isBytes(bytes)) return bytes
    throw invalidValue(
      where,
      `the codec must return bytes (Uint8Array), got ${describeValue(bytes)}`,
    )
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
