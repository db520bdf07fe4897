import type { ShardyfusionError } from '../errors.js'
import { invalidValue } from '../errors/error-factories.js'
import type { KeyEncoding } from '../types.js'
import { checkValue, SchemaMismatch } from './check-value.js'
import { codecName, StoredValues } from './codec-name.js'
import { describeKey } from './describe-key.js'
import { isJson } from './json-values.js'
import type { StandardSchema } from './standard-schema.js'
import type { ValueCodec, ValuesOption } from './value-codec.js'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Decodes stored bytes in two steps, so that text is decoded only once if it is cached. `key` is the
 * stored key of the value, for messages.
 */
export interface ValueDecoder {
  /** Set if `decode` returns the bytes as they are. */
  readonly isPlain?: true
  /** Returns the form to cache: text, or a copy of the bytes. */
  toCached(bytes: Uint8Array, key: Uint8Array): Uint8Array | string
  /** Returns the caller's own value from the cached form. */
  fromCached(cached: Uint8Array | string, key: Uint8Array): unknown
  /** Does both at once, without a copy. */
  decode(bytes: Uint8Array, key: Uint8Array): unknown
}

export interface DecoderOptions {
  readonly values: ValuesOption
  readonly schema?: StandardSchema | undefined
  /** Starts the messages. */
  readonly where: string
  /** Called for messages alone. */
  readonly keyEncoding: () => KeyEncoding
}

/** Makes the decoder of the options `values` and `schema`. */
export function valueDecoder(options: DecoderOptions): ValueDecoder {
  const { values, schema } = options
  const decoder = plainDecoder(values, options)
  return schema === undefined ? decoder : checkingDecoder(decoder, schema, options)
}

function plainDecoder(values: ValuesOption, options: DecoderOptions): ValueDecoder {
  const toText = (bytes: Uint8Array, key: Uint8Array): string => decodeText(bytes, key, options)
  if (values === 'bytes' || values instanceof StoredValues) {
    // Not bytes.slice(): on a Buffer it returns a view.
    return {
      isPlain: true,
      toCached: (bytes) => new Uint8Array(bytes),
      fromCached: (cached) => new Uint8Array(cached as Uint8Array),
      decode: (bytes) => bytes,
    }
  }
  if (values === 'utf8') return { toCached: toText, fromCached: (cached) => cached, decode: toText }
  if (isJson(values)) {
    // Parsed for every caller, because callers may change an object.
    const parse = (text: Uint8Array | string, key: Uint8Array): unknown =>
      parseJson(text as string, key, options)
    return {
      toCached: toText,
      fromCached: parse,
      decode: (bytes, key) => parse(toText(bytes, key), key),
    }
  }
  return codecDecoder(values as ValueCodec, options)
}

function codecDecoder(codec: ValueCodec, options: DecoderOptions): ValueDecoder {
  const decode = (bytes: Uint8Array, key: Uint8Array): unknown => {
    let value: unknown
    try {
      value = codec.decode(bytes)
    } catch (cause) {
      const name = codecName(codec)
      const problem = `cannot be decoded by the codec${name === undefined ? '' : ` ${JSON.stringify(name)}`}`
      throw unreadable(problem, key, options, cause)
    }
    if (value !== undefined) return value
    throw unreadable(
      'is undefined by the codec, which means that a key does not exist; return null',
      key,
      options,
    )
  }
  return {
    toCached: (bytes) => new Uint8Array(bytes),
    // A copy, because a value may keep parts of its bytes.
    fromCached: (cached, key) => decode(new Uint8Array(cached as Uint8Array), key),
    decode,
  }
}

function checkingDecoder(
  decoder: ValueDecoder,
  schema: StandardSchema,
  options: DecoderOptions,
): ValueDecoder {
  const check = (value: unknown, key: Uint8Array): unknown => {
    let checked: unknown
    try {
      checked = checkValue(schema, value, options.where)
    } catch (error) {
      throw nameMismatch(error, key, options)
    }
    if (checked !== undefined) return checked
    throw unreadable(
      'is undefined by the schema, which means that a key does not exist; make it null',
      key,
      options,
    )
  }
  return {
    toCached: (bytes, key) => decoder.toCached(bytes, key),
    fromCached: (cached, key) => check(decoder.fromCached(cached, key), key),
    decode: (bytes, key) => check(decoder.decode(bytes, key), key),
  }
}

/** Adds the key to what a schema objects to. */
export function nameMismatch(
  error: unknown,
  key: Uint8Array,
  { where, keyEncoding }: Pick<DecoderOptions, 'where' | 'keyEncoding'>,
): unknown {
  if (!(error instanceof SchemaMismatch)) return error
  const { issues, message } = error
  const named = describeKey(key, keyEncoding())
  return invalidValue(where, `the value of key ${named} does not match the schema: ${message}`, {
    peer: null,
    details: { key: named, issues },
  })
}

function parseJson(text: string, key: Uint8Array, options: DecoderOptions): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw unreadable('is not JSON', key, options, cause)
  }
}

function decodeText(bytes: Uint8Array, key: Uint8Array, options: DecoderOptions): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw unreadable('is not UTF-8 text', key, options, cause)
  }
}

function unreadable(
  problem: string,
  key: Uint8Array,
  { where, keyEncoding }: DecoderOptions,
  cause?: unknown,
): ShardyfusionError {
  const named = describeKey(key, keyEncoding())
  return invalidValue(
    where,
    `the value of key ${named} ${problem}; open the reader with values: 'bytes' to see it`,
    { peer: null, details: { key: named }, cause },
  )
}
