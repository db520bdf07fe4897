import { decodeKey } from '../keys/stored-bytes.js'
import { describeValue } from '../options/describe-value.js'
import type { KeyEncoding } from '../types.js'

const MAX_BYTES = 20

/** Renders a key for messages: digits, quoted text, or hexadecimal digits, cut if it is long. */
export function describeKey(stored: Uint8Array, encoding: KeyEncoding): string {
  if (encoding !== 'raw') {
    try {
      const key = decodeKey(stored, encoding)
      return typeof key === 'bigint' ? String(key) : describeValue(key)
    } catch {
      // utf8 snapshots may contain bytes that are not text.
    }
  }
  const digits = Array.from(stored.subarray(0, MAX_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  return `0x${digits.join('')}${stored.length > MAX_BYTES ? '…' : ''}`
}
