import type { Key, KeyEncoding } from '@shardyfusion/core'

/** A key from a URL or JSON that is invalid for the snapshot. */
export class BadKey extends Error {}

/**
 * Converts a key from JSON or a URL to the key type of the snapshot.
 *
 * Shape: decimal digits for integer keys, text for utf8, hexadecimal digits for raw.
 */
export function keyFromText(text: string, encoding: KeyEncoding): Key {
  switch (encoding) {
    case 'utf8':
      return text
    case 'raw':
      if (text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text)) return Buffer.from(text, 'hex')
      throw new BadKey('a key of this snapshot must be hexadecimal digits, two per byte')
    case 'u64be':
    case 'u32be':
      if (/^\d{1,20}$/.test(text)) return BigInt(text)
      throw new BadKey('a key of this snapshot must be an integer in decimal digits')
  }
}

/** Converts a key of a reader with `keys: 'decoded'` back to text. */
export function keyToText(key: Key): string {
  return key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key)
}
