import { invalidValue } from '../errors/error-factories.js'
import type { ValueEncoding } from '../types.js'

/** What a value is given as, by `valueEncoding`. */
export type DecodedValue<E extends ValueEncoding> = E extends 'utf8'
  ? string
  : E extends 'json'
    ? unknown
    : Uint8Array

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Turns stored bytes into what the caller asked for, in two steps, so that what is kept between need not be read twice. */
export interface ValueDecoder {
  /** What may be kept: text, or bytes of its own. */
  toKept(bytes: Uint8Array): Uint8Array | string
  /** What the caller gets of it, to own. */
  fromKept(kept: Uint8Array | string): unknown
  /** Both at once, without a copy. */
  decode(bytes: Uint8Array): unknown
}

/** Makes the decoder of a `valueEncoding`. */
export function valueDecoder(encoding: ValueEncoding, where: string): ValueDecoder {
  const toText = (bytes: Uint8Array): string => decodeText(bytes, where)
  switch (encoding) {
    case 'bytes':
      // Not bytes.slice(): of a Buffer it would be a view.
      return {
        toKept: (bytes) => new Uint8Array(bytes),
        fromKept: (kept) => new Uint8Array(kept as Uint8Array),
        decode: (bytes) => bytes,
      }
    case 'utf8':
      return { toKept: toText, fromKept: (kept) => kept, decode: toText }
    case 'json': {
      // Parsed for every caller: an object may be changed by who gets it.
      const parse = (text: Uint8Array | string): unknown => parseJson(text as string, where)
      return { toKept: toText, fromKept: parse, decode: (bytes) => parse(toText(bytes)) }
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
