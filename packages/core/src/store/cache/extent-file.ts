import { createHash } from 'node:crypto'
import type { ByteSpan } from './block-cache-contract.js'

// A file of the cache contains one or more blocks of an object, in units of 8 KiB, each followed by
// its checksum. The checksum covers the object and the place, so no unit is read as another one,
// and a file that was renamed, cut or made by another program is damaged.

const UNIT_BYTES = 8 * 1024
const SUM_BYTES = 16
const RECORD_BYTES = UNIT_BYTES + SUM_BYTES

/** Part of an object in one file. */
export interface Extent extends ByteSpan {
  readonly name: string
}

const NAME = /^([0-9a-z]{1,11})-([0-9a-z]{1,11})$/

export function extentName({ start, end }: ByteSpan): string {
  return `${start.toString(36)}-${(end - start).toString(36)}`
}

/** Returns the part that a file contains by its name; `undefined` for names of other programs. */
export function parseExtentName(name: string): Extent | undefined {
  const [, start = '', length = ''] = NAME.exec(name) ?? []
  const first = parseInt(start, 36)
  const bytes = parseInt(length, 36)
  if (!(bytes > 0) || !Number.isSafeInteger(first + bytes)) return undefined
  return { name, start: first, end: first + bytes }
}

/** Returns the size of the file for that many bytes. */
export function fileBytes(bytes: number): number {
  return bytes + Math.ceil(bytes / UNIT_BYTES) * SUM_BYTES
}

/** Returns the content of a file: units with their checksums. */
export function encodeExtent(id: string, start: number, bytes: Uint8Array): Uint8Array {
  const file = new Uint8Array(fileBytes(bytes.length))
  for (let at = 0, to = 0; at < bytes.length; at += UNIT_BYTES) {
    const unit = bytes.subarray(at, at + UNIT_BYTES)
    file.set(unit, to)
    file.set(checksum(id, start + at, unit), to + unit.length)
    to += unit.length + SUM_BYTES
  }
  return file
}

/** Returns the bytes of the file that contain a span of the object. */
export function fileSpan(extent: ByteSpan, span: ByteSpan): ByteSpan {
  const first = Math.floor((span.start - extent.start) / UNIT_BYTES)
  const last = Math.ceil((span.end - extent.start) / UNIT_BYTES)
  return {
    start: first * RECORD_BYTES,
    end: Math.min(last * RECORD_BYTES, fileBytes(extent.end - extent.start)),
  }
}

/**
 * Copies a span from the bytes of a file that `fileSpan` names to `target`; returns false if a
 * checksum is wrong.
 */
export function decodeSpan(
  id: string,
  extent: ByteSpan,
  span: ByteSpan,
  records: Uint8Array,
  target: Uint8Array,
): boolean {
  let at = extent.start + Math.floor((span.start - extent.start) / UNIT_BYTES) * UNIT_BYTES
  for (let from = 0; from < records.length; from += RECORD_BYTES, at += UNIT_BYTES) {
    const record = records.subarray(from, from + RECORD_BYTES)
    if (record.length <= SUM_BYTES) return false
    const unit = record.subarray(0, record.length - SUM_BYTES)
    const sum = checksum(id, at, unit)
    const stored = record.subarray(unit.length)
    for (let i = 0; i < SUM_BYTES; i++) if (stored[i] !== sum[i]) return false
    const start = Math.max(span.start, at)
    const end = Math.min(span.end, at + unit.length)
    target.set(unit.subarray(start - at, end - at), start - span.start)
  }
  return at >= span.end
}

function checksum(id: string, at: number, unit: Uint8Array): Uint8Array {
  return createHash('sha256').update(`${id}:${at}:`).update(unit).digest().subarray(0, SUM_BYTES)
}
