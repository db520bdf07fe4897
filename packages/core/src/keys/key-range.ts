import * as v from 'valibot'
import { describeValue } from '../options/describe-value.js'
import { parseOptions } from '../options/parse-options.js'
import type { ByteRange, KeyEncoding, KeyRange } from '../types.js'
import { compareBytes, copyBytes, isBytes } from '../text/bytes.js'
import { invalidKey } from '../errors/error-factories.js'
import { encodeOwnLookupKey, isIntegerEncoding } from './stored-bytes.js'
import { textBytes } from './text-bytes.js'

// Only the names are checked here, so that a misspelt bound cannot become a full scan.
const rangeFields = v.strictObject({
  start: v.optional(v.unknown()),
  end: v.optional(v.unknown()),
  prefix: v.optional(v.unknown()),
})

/**
 * Encodes a key range as stored bytes: encodes `start` and `end`, converts `prefix` to a range, and
 * intersects both.
 *
 * Shape: half-open; an empty range has `end` equal to `start`. The bytes are copies: a scan begins
 * later, when the caller may have reused its buffers. Errors: SHARD_INVALID_KEY for bounds that
 * cannot be encoded; SHARD_INVALID_OPTION for unknown fields.
 */
export function encodeRange(
  range: KeyRange | undefined,
  encoding: KeyEncoding,
  where: string,
): ByteRange {
  if (range === undefined) return {}
  parseOptions(rangeFields, range, where)
  const bound = (key: KeyRange['start'], name: string) =>
    key === undefined ? undefined : encodeOwnLookupKey(key, encoding, `${where}: ${name}`)
  let start = bound(range.start, 'start')
  let end = bound(range.end, 'end')
  if (range.prefix !== undefined) {
    const prefix = prefixBytes(range.prefix, encoding, `${where}: prefix`)
    const after = prefixEnd(prefix)
    if (start === undefined || compareBytes(prefix, start) > 0) start = prefix
    if (after !== undefined && (end === undefined || compareBytes(after, end) < 0)) end = after
  }
  if (start !== undefined && end !== undefined && compareBytes(start, end) > 0) end = start
  return { start, end }
}

/** Returns the rest of a range after one of its keys, in the direction of the scan. */
export function rangeBehind(range: ByteRange, key: Uint8Array, reverse: boolean): ByteRange {
  if (reverse) return { start: range.start, end: copyBytes(key) }
  // The smallest key greater than `key` is `key` followed by a zero byte.
  const start = new Uint8Array(key.length + 1)
  start.set(key)
  return { start, end: range.end }
}

/**
 * Returns the first byte string after all that begin with `prefix`; `undefined` if there is none.
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return undefined
  const end = copyBytes(prefix.subarray(0, length))
  end[length - 1]!++
  return end
}

function prefixBytes(
  prefix: Uint8Array | string,
  encoding: KeyEncoding,
  where: string,
): Uint8Array {
  if (isBytes(prefix)) return copyBytes(prefix)
  if (typeof prefix === 'string' && !isIntegerEncoding(encoding)) return textBytes(prefix, where)
  const expected = isIntegerEncoding(encoding) ? 'a Uint8Array' : 'a string or a Uint8Array'
  throw invalidKey(
    where,
    `must be ${expected} under ${encoding} keys, got ${describeValue(prefix)}`,
    { peer: 'ValueError' },
  )
}
