import type { ShardyfusionError } from '../errors.js'
import { invalidValue } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import { isWellFormed } from '../text/well-formed.js'
import { isBytes } from '../text/bytes.js'
import type { KeyEncoding } from '../types.js'
import { checkValue } from './check-value.js'
import { StoredValues } from './codec-name.js'
import { isJson } from './json-values.js'
import type { StandardSchema } from './standard-schema.js'
import type { ValueCodec, ValuesOption } from './value-codec.js'
import { nameMismatch } from './value-decoder.js'

const utf8 = new TextEncoder()

/** Encodes a caller's value as stored bytes; `key` is its stored key, for messages. */
export type ValueEncoder = (value: unknown, key: Uint8Array) => Uint8Array

export interface EncoderOptions {
  readonly values: ValuesOption
  readonly schema?: StandardSchema | undefined
  /** Starts the messages. */
  readonly where: string
  readonly keyEncoding: KeyEncoding
}

/** Makes the encoder of the options `values` and `schema`. */
export function valueEncoder({ values, schema, where, keyEncoding }: EncoderOptions): ValueEncoder {
  const encode = plainEncoder(values, where)
  if (schema === undefined) return encode
  const site = { where, keyEncoding: () => keyEncoding }
  return (value, key) => {
    try {
      // The value is stored as it was given: readers apply the schema once more.
      checkValue(schema, value, where)
    } catch (error) {
      throw nameMismatch(error, key, site)
    }
    return encode(value, key)
  }
}

function plainEncoder(values: ValuesOption, where: string): ValueEncoder {
  if (values === 'bytes' || values instanceof StoredValues) {
    return (value) => {
      if (isBytes(value)) return value
      throw badValue(where, "bytes (Uint8Array), or set values: 'utf8' or 'json'", value)
    }
  }
  if (values === 'utf8') {
    return (value) => {
      if (typeof value === 'string') {
        if (isWellFormed(value)) return utf8.encode(value)
        // Encoding would silently replace it.
        throw badValue(where, 'well-formed text, but it has a lone surrogate', value)
      }
      throw badValue(where, "text, because values is 'utf8'", value)
    }
  }
  return isJson(values) ? jsonEncoder(where) : codecEncoder(values as ValueCodec, where)
}

function jsonEncoder(where: string): ValueEncoder {
  return (value) => {
    let json: string | undefined
    try {
      json = JSON.stringify(value)
    } catch (cause) {
      throw notJson(where, value, cause)
    }
    if (json !== undefined) return utf8.encode(json)
    throw badValue(where, 'plain JSON data', value)
  }
}

function notJson(where: string, value: unknown, cause: unknown): ShardyfusionError {
  const name = nameOfBigint(value)
  if (name === undefined)
    return badValue(where, 'plain JSON data (no bigint, no cycles)', value, cause)
  return invalidValue(
    where,
    `value must be plain JSON data, but "${name}" is a bigint; convert it to text or to a number, or leave it out (of a record, with the option value)`,
    { cause },
  )
}

/** The name of the first property that is a bigint, at any depth. */
function nameOfBigint(value: unknown): string | undefined {
  let found: string | undefined
  try {
    JSON.stringify(value, (name: string, each: unknown) => {
      if (typeof each !== 'bigint') return each
      if (name !== '') found ??= name
      return null
    })
  } catch {
    // A cycle, or a getter that throws. The message has the cause.
  }
  return found
}

function codecEncoder(codec: ValueCodec, where: string): ValueEncoder {
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
