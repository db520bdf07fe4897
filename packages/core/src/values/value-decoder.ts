import { invalidValue } from '../errors/error-factories.js'
import { isJson } from './json-values.js'
import type { ValueCodec, ValuesOption } from './value-codec.js'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes stored bytes in two steps, so that cached values are decoded only once. */
export interface ValueDecoder {
  /** Returns the form to cache: text, or a copy of the bytes. */
  toCached(bytes: Uint8Array): Uint8Array | string
  /** Returns the caller's own value from the cached form. */
  fromCached(cached: Uint8Array | string): unknown
  /** Does both at once, without a copy. */
  decode(bytes: Uint8Array): unknown
}

/** Makes the decoder of an option `values`. */
export function valueDecoder(values: ValuesOption, where: string): ValueDecoder {
  const toText = (bytes: Uint8Array): string => decodeText(bytes, where)
  switch (isJson(values) ? 'json' : values) {
    case 'bytes':
      // Not bytes.slice(): on a Buffer it returns a view.
      return {
        toCached: (bytes) => new Uint8Array(bytes),
        fromCached: (cached) => new Uint8Array(cached as Uint8Array),
        decode: (bytes) => bytes,
      }
    case 'utf8':
      return { toCached: toText, fromCached: (cached) => cached, decode: toText }
    case 'json': {
      // Parsed for every caller, because callers may change an object.
      const parse = (text: Uint8Array | string): unknown => parseJson(text as string, where)
      return { toCached: toText, fromCached: parse, decode: (bytes) => parse(toText(bytes)) }
    }
    default:
      return codecDecoder(values as ValueCodec, where)
  }
}

function codecDecoder(codec: ValueCodec, where: string): ValueDecoder {
  const decode = (bytes: Uint8Array | string): unknown => {
    let value: unknown
    try {
      value = codec.decode(bytes as Uint8Array)
    } catch (cause) {
      throw invalidValue(
        where,
        `the codec cannot decode the value; open the reader with values: 'bytes' to see it`,
        { peer: null, cause },
      )
    }
    if (value !== undefined) return value
    throw invalidValue(
      where,
      'the codec decoded the value as undefined, which means "no such key"; return null',
      { peer: null },
    )
  }
  return { toCached: (bytes) => new Uint8Array(bytes), fromCached: decode, decode }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw invalidValue(
      where,
      `the value is not JSON; open the reader with values: 'bytes' to see it`,
      { peer: null, cause },
    )
  }
}

function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw invalidValue(where, `the value is not UTF-8 text; open the reader with values: 'bytes'`, {
      peer: null,
      cause,
    })
  }
}
