import type { Key, KeyEncoding } from '@shardyfusion/core'
import { type Cell, JsonText } from '../output/json-text.js'
import { asBuffer, type ByteFormat } from '../output/render-bytes.js'
import { encodedBytes } from '../util/encoded-bytes.js'
import { UsageError } from '../util/usage-error.js'

const MAX_U64 = 2n ** 64n - 1n
const MAX_U32 = 2n ** 32n - 1n

/**
 * Parses a key from the command line to the key type of the snapshot.
 *
 * `auto`: digits for integer keys, text for utf8, hexadecimal digits for raw. `hex` and `base64` are stored key bytes.
 * Integer keys are decoded from them, because byte keys route to a different shard.
 * Errors: UsageError.
 */
export function parseKey(text: string, encoding: KeyEncoding, as: ByteFormat): Key {
  const isInteger = encoding === 'u64be' || encoding === 'u32be'
  switch (as) {
    case 'hex':
    case 'base64': {
      const bytes = bytesFromText(text, as, 'a key')
      return isInteger ? integerOf(bytes, encoding) : bytes
    }
    case 'json': {
      const key = parseJsonKey(text)
      return isInteger ? integerKey(String(key), encoding) : String(key)
    }
    case 'text':
      return isInteger ? integerKey(text, encoding) : text
    case 'auto':
      if (isInteger) return integerKey(text, encoding)
      return encoding === 'raw' ? bytesFromText(text, 'hex', 'a key') : text
  }
}

/** Formats stored key bytes as a cell: integers with every digit, other keys in the format of `--keys`. */
export function renderKey(stored: Uint8Array, encoding: KeyEncoding, as: ByteFormat): Cell {
  const buffer = asBuffer(stored)
  if (as === 'hex' || as === 'base64') return buffer.toString(as)
  if (encoding === 'u64be' && stored.length === 8) return buffer.readBigUInt64BE()
  if (encoding === 'u32be' && stored.length === 4) return buffer.readUInt32BE()
  if (encoding === 'raw' && as !== 'text' && as !== 'json') return buffer.toString('hex')
  return buffer.toString()
}

/** Formats a key from the command line as `renderKey` would. */
export function renderRequestedKey(text: string, encoding: KeyEncoding, as: ByteFormat): Cell {
  const isInteger = encoding === 'u64be' || encoding === 'u32be'
  return isInteger && as !== 'hex' && as !== 'base64' ? new JsonText(String(BigInt(text))) : text
}

/** Decodes hexadecimal digits or base64. Errors: UsageError. */
export function bytesFromText(text: string, form: 'hex' | 'base64', what: string): Buffer {
  const bytes = encodedBytes(text, form)
  if (bytes !== undefined) return bytes
  const expected = form === 'hex' ? 'hexadecimal digits, two per byte' : 'base64'
  throw new UsageError(`${what} must be ${expected}, got ${JSON.stringify(text.slice(0, 60))}`)
}

function integerKey(text: string, encoding: KeyEncoding): bigint {
  const max = encoding === 'u64be' ? MAX_U64 : MAX_U32
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= max) return BigInt(text)
  throw new UsageError(
    `keys of this snapshot must be integers of 0 to ${max} (${encoding}), got ${JSON.stringify(text.slice(0, 60))}`,
  )
}

function integerOf(bytes: Buffer, encoding: KeyEncoding): bigint {
  const width = encoding === 'u64be' ? 8 : 4
  if (bytes.length === width)
    return width === 8 ? bytes.readBigUInt64BE() : BigInt(bytes.readUInt32BE())
  throw new UsageError(`stored ${encoding} keys must have ${width} bytes, got ${bytes.length}`)
}

function parseJsonKey(text: string): unknown {
  // Check digits first, because JSON.parse rounds large integers.
  if (/^\d{1,20}$/.test(text)) return text
  try {
    const key: unknown = JSON.parse(text)
    if (typeof key === 'string') return key
  } catch {
    // Reported below.
  }
  throw new UsageError(
    `a key must be a JSON string or an integer, got ${JSON.stringify(text.slice(0, 60))}`,
  )
}
