import { describeValue } from '../options/describe-value.js'
import type { Key, KeyEncoding } from '../types.js'
import { copyBytes, isBytes } from '../text/bytes.js'
import { invalidKey, type PeerError } from '../errors/error-factories.js'
import { textBytes } from './text-bytes.js'

const MAX_UINT64 = 2n ** 64n - 1n
const MAX_UINT32 = 0xffff_ffff
const TWO_32 = 2 ** 32

// Splits bigints without making others; used within one synchronous call only.
const words = new DataView(new ArrayBuffer(8))

// ignoreBOM preserves a leading U+FEFF: it is part of the key.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Encodes a key for writing.
 *
 * Shape: u64be and u32be accept only integers; utf8 and raw accept text (as UTF-8) and bytes
 * (unchanged, not copied). If `scratch` is given, integers are written into it, for callers that
 * copy them at once. Errors: SHARD_INVALID_KEY for any other type and for integers outside the
 * encoding's range. Source: wire-format §5.1.
 */
export function encodeKey(
  key: Key,
  encoding: KeyEncoding,
  where: string,
  scratch?: Uint8Array,
): Uint8Array {
  return isIntegerEncoding(encoding)
    ? integerBytes(key, encoding, where, 'ConfigValidationError', scratch)
    : byteStringBytes(key, encoding, where)
}

/**
 * Encodes a key for a lookup; under u64be and u32be, bytes of exactly 8 (4) count as encoded.
 *
 * Such encoded bytes are still routed as bytes, and so usually to a different shard than the
 * integer. Shape: bytes unchanged, not copied; integers in `scratch`, if given. Errors: as
 * `encodeKey`. Source: wire-format §5.2.
 */
export function encodeLookupKey(
  key: Key,
  encoding: KeyEncoding,
  where: string,
  scratch?: Uint8Array,
): Uint8Array {
  if (!isIntegerEncoding(encoding)) return byteStringBytes(key, encoding, where)
  if (!isBytes(key)) return integerBytes(key, encoding, where, 'ValueError', scratch)
  if (key.length === widthOf(encoding)) return key
  throw invalidKey(
    where,
    `encoded bytes of a ${encoding} key must be ${widthOf(encoding)} bytes, got ${key.length}`,
    { peer: 'ValueError' },
  )
}

/**
 * Writes an integer key at `at` of `target`, for batches; false for bytes, which a lookup accepts too.
 *
 * Errors: as `encodeLookupKey`.
 */
export function writeIntegerKey(
  key: Key,
  encoding: 'u64be' | 'u32be',
  where: string,
  target: Uint8Array,
  at: number,
): boolean {
  if (typeof key === 'number' && key >= 0 && key <= MAX_UINT32 && Number.isInteger(key)) {
    let low = at
    if (encoding === 'u64be') {
      target[at] = target[at + 1] = target[at + 2] = target[at + 3] = 0
      low += 4
    }
    target[low] = key >>> 24
    target[low + 1] = key >>> 16
    target[low + 2] = key >>> 8
    target[low + 3] = key
    return true
  }
  if (isBytes(key)) return false
  target.set(integerBytes(key, encoding, where, 'ValueError', lookupScratch[encoding]), at)
  return true
}

/** The same as a copy, for use after the caller may have reused its key's buffer. */
export function encodeOwnLookupKey(key: Key, encoding: KeyEncoding, where: string): Uint8Array {
  const bytes = encodeLookupKey(key, encoding, where)
  return bytes === key ? copyBytes(bytes) : bytes
}

/**
 * Decodes a stored key: to a bigint, a string, or (raw) a copy of the bytes.
 *
 * Errors: SHARD_INVALID_KEY if the bytes are not a key of that encoding. utf8 snapshots may contain
 * such keys, because they accept bytes on writing: read those undecoded.
 */
export function decodeKey(bytes: Uint8Array, encoding: KeyEncoding): bigint | string | Uint8Array {
  if (encoding === 'raw') return new Uint8Array(bytes)
  if (encoding === 'utf8') return decodeText(bytes)
  if (bytes.length !== widthOf(encoding)) {
    throw invalidKey(
      'decodeKey',
      `a stored ${encoding} key must be ${widthOf(encoding)} bytes, got ${bytes.length}`,
      { peer: 'ValueError' },
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return encoding === 'u64be' ? view.getBigUint64(0) : BigInt(view.getUint32(0))
}

/**
 * Checks bytes that a caller encoded: under u64be and u32be they must have the width.
 *
 * Errors: SHARD_INVALID_KEY.
 */
export function requireStoredKey(bytes: Uint8Array, encoding: KeyEncoding, where: string): void {
  if (!isIntegerEncoding(encoding) || bytes.length === widthOf(encoding)) return
  throw invalidKey(
    where,
    `a stored ${encoding} key must be ${widthOf(encoding)} bytes, got ${bytes.length}`,
  )
}

/**
 * Allocates a buffer for one stored key of a fixed width; returns `undefined` for encodings without
 * one.
 */
export function scratchForKey(encoding: KeyEncoding): Uint8Array | undefined {
  return isIntegerEncoding(encoding) ? new Uint8Array(widthOf(encoding)) : undefined
}

const lookupScratch = { u64be: new Uint8Array(8), u32be: new Uint8Array(4) }

/** Returns a buffer for the key of one synchronous lookup; the next lookup overwrites it. */
export function scratchForLookup(encoding: KeyEncoding): Uint8Array | undefined {
  return isIntegerEncoding(encoding) ? lookupScratch[encoding] : undefined
}

/** Returns true for the encodings that store integers in a fixed width. */
export function isIntegerEncoding(encoding: KeyEncoding): encoding is 'u64be' | 'u32be' {
  return encoding === 'u64be' || encoding === 'u32be'
}

/** Returns the bytes of every key. */
export function widthOf(encoding: 'u64be' | 'u32be'): 4 | 8 {
  return encoding === 'u64be' ? 8 : 4
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw invalidKey(
      'decodeKey',
      `a utf8 key must be UTF-8 to be decoded, got ${bytes.length} other bytes; read keys as bytes`,
      { peer: 'ValueError' },
    )
  }
}

function byteStringBytes(key: Key, encoding: KeyEncoding, where: string): Uint8Array {
  if (typeof key === 'string') return textBytes(key, where)
  if (isBytes(key)) return key
  throw invalidKey(
    where,
    `a ${encoding} key must be a string or a Uint8Array, got ${describeValue(key)}`,
  )
}

function integerBytes(
  key: Key,
  encoding: 'u64be' | 'u32be',
  where: string,
  wrongType: PeerError,
  scratch?: Uint8Array,
): Uint8Array {
  if (typeof key === 'number') {
    if (!Number.isSafeInteger(key)) throw notInteger(key, encoding, where, wrongType)
    if (key < 0 || (encoding === 'u32be' && key > MAX_UINT32))
      throw outOfRange(key, encoding, where)
    return bigEndian(Math.floor(key / TWO_32), key >>> 0, encoding, scratch)
  }
  if (typeof key !== 'bigint') throw notInteger(key, encoding, where, wrongType)
  if (key < 0n || key > (encoding === 'u32be' ? BigInt(MAX_UINT32) : MAX_UINT64)) {
    throw outOfRange(key, encoding, where)
  }
  words.setBigUint64(0, key)
  return bigEndian(words.getUint32(0), words.getUint32(4), encoding, scratch)
}

// Without a DataView: allocating the view costs more than the eight stores.
function bigEndian(
  high: number,
  low: number,
  encoding: 'u64be' | 'u32be',
  scratch: Uint8Array | undefined,
): Uint8Array {
  const width = widthOf(encoding)
  const bytes = scratch ?? new Uint8Array(width)
  if (width === 8) {
    bytes[0] = high >>> 24
    bytes[1] = high >>> 16
    bytes[2] = high >>> 8
    bytes[3] = high
  }
  bytes[width - 4] = low >>> 24
  bytes[width - 3] = low >>> 16
  bytes[width - 2] = low >>> 8
  bytes[width - 1] = low
  return bytes
}

function notInteger(key: unknown, encoding: KeyEncoding, where: string, peer: PeerError): Error {
  const hint =
    typeof key === 'string'
      ? "; for text keys, pass keyEncoding: 'utf8' to the writer"
      : typeof key === 'number' && Number.isInteger(key)
        ? '; pass it as a bigint'
        : ''
  return invalidKey(
    where,
    `a ${encoding} key must be a bigint or a safe integer, got ${describeValue(key)}${hint}`,
    { peer },
  )
}

function outOfRange(key: bigint | number, encoding: 'u64be' | 'u32be', where: string): Error {
  const max = encoding === 'u64be' ? '2^64-1' : '2^32-1'
  return invalidKey(
    where,
    `a ${encoding} key must be in 0 to ${max}, got ${String(key).slice(0, 30)}`,
  )
}
