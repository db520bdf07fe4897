import { ShardyfusionError } from '../errors.js'
import type { ValueEncoding } from '../types.js'

/** What a value is given as, by `valueEncoding`. */
export type DecodedValue<E extends ValueEncoding> = E extends 'utf8'
  ? string
  : E extends 'json'
    ? unknown
    : Uint8Array

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Makes the function that turns stored bytes into what the caller asked for. */
export function valueDecoder(
  encoding: ValueEncoding,
  where: string,
): (bytes: Uint8Array) => unknown {
  switch (encoding) {
    case 'bytes':
      return (bytes) => bytes
    case 'utf8':
      return (bytes) => decodeText(bytes, where)
    case 'json':
      return (bytes) => {
        const text = decodeText(bytes, where)
        try {
          return JSON.parse(text) as unknown
        } catch (cause) {
          throw badValue(
            `${where}: the value is not JSON; open the reader with valueEncoding: 'bytes' to see it`,
            cause,
          )
        }
      }
  }
}

function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw badValue(
      `${where}: the value is not UTF-8 text; open the reader with valueEncoding: 'bytes'`,
      cause,
    )
  }
}

function badValue(message: string, cause: unknown): ShardyfusionError {
  return new ShardyfusionError('SHARD_INVALID_VALUE', message, { cause })
}
