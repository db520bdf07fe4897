import type { Key, KeyEncoding } from '@shardyfusion/core'

/** A key of a URL or a JSON text that does not fit the snapshot. */
export class BadKey extends Error {}

/**
 * A key as JSON and URLs can carry it, made what the snapshot was written with.
 *
 * Shape: decimal digits for integer keys, the text itself for utf8, hexadecimal digits for raw.
 */
export function keyFromText(text: string, encoding: KeyEncoding): Key {
  switch (encoding) {
    case 'utf8':
      return text
    case 'raw':
      if (text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text)) return Buffer.from(text, 'hex')
      throw new BadKey('a key of this snapshot is hexadecimal digits, two for each byte')
    case 'u64be':
    case 'u32be':
      if (/^\d{1,20}$/.test(text)) return BigInt(text)
      throw new BadKey('a key of this snapshot is a whole number in decimal digits')
  }
}

/** The way back, for keys as a reader with `keys: 'decoded'` gives them. */
export function keyToText(key: Key): string {
  return key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key)
}
