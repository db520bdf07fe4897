import { isWellFormed } from '../text/well-formed.js'
import { invalidKey } from '../errors/error-factories.js'

const encoder = new TextEncoder()

/** Up to about this many UTF-16 units, copying ASCII in a loop is much cheaper than the encoder. */
const MAX_SHORT_UNITS = 48

/**
 * Encodes a text key as UTF-8, without normalisation.
 *
 * Errors: SHARD_INVALID_KEY for a lone surrogate, which would silently become U+FFFD, a different
 * key.
 */
export function textBytes(text: string, where: string): Uint8Array {
  if (text.length <= MAX_SHORT_UNITS) {
    const bytes = asciiBytes(text)
    if (bytes !== undefined) return bytes
  }
  requireWellFormed(text, where)
  return encoder.encode(text)
}

export function requireWellFormed(text: string, where: string): void {
  if (isWellFormed(text)) return
  throw invalidKey(
    where,
    'text must be well-formed Unicode, got a lone surrogate; pass the bytes instead',
    { peer: 'ValueError' },
  )
}

function asciiBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return undefined
    bytes[i] = unit
  }
  return bytes
}
