import { invalidValue } from '../errors/error-factories.js'
import type { ValueEncoding } from '../types.js'

/** The type of a decoded value, by `valueEncoding`. */
export type DecodedValue<E extends ValueEncoding> = E extends 'utf8'
  ? string
  : E extends 'json'
    ? unknown
    : Uint8Array

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

/** Makes the decoder of a `valueEncoding`. */
export function valueDecoder(encoding: ValueEncoding, where: string): ValueDecoder {
  const toText = (bytes: Uint8Array): string => decodeText(bytes, where)
  switch (encoding) {
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
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw invalidValue(
      where,
      `the value is not JSON; open the reader with valueEncoding: 'bytes' to see it`,
      { peer: null, cause },
    )
  }
}

function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw invalidValue(
      where,
      `the value is not UTF-8 text; open the reader with valueEncoding: 'bytes'`,
      { peer: null, cause },
    )
  }
}
