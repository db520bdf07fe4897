import type { GetObjectOptions } from '../object-store.js'

/**
 * Clips a requested range to an object of `size` bytes; without a range, returns the whole object.
 */
export function clipRange(
  range: GetObjectOptions['range'],
  size: number,
): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size }
  const start = Math.min(Math.max(range.start, 0), size)
  return { start, end: Math.min(Math.max(range.end, start), size) }
}
