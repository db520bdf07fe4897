import type { GetObjectOptions } from '../object-store.js'

/** The part of a requested range that an object of `size` bytes has; the whole object without a range. */
export function clipRange(
  range: GetObjectOptions['range'],
  size: number,
): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size }
  const start = Math.min(Math.max(range.start, 0), size)
  return { start, end: Math.min(Math.max(range.end, start), size) }
}
