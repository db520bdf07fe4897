import type { TextEncoding } from '../format/header.js'
import { compareBytes, compareText } from './collation.js'
import { classOf, type ColumnOrder } from './probe.js'
import { readValue, RecordCursor } from './record.js'
import { DEFAULT_MODE } from '../value.js'

/** Compares the first columns of two records; a record that ends early counts as equal. */
export function compareRecords(
  a: Uint8Array,
  b: Uint8Array,
  order: readonly ColumnOrder[],
  encoding: TextEncoding,
  page = 0,
): number {
  const left = new RecordCursor(a, 0, a.length, page)
  const right = new RecordCursor(b, 0, b.length, page)
  for (const { collation, descending } of order) {
    if (!left.next() || !right.next()) return 0
    let difference = classOf(left.serial) - classOf(right.serial)
    if (difference === 0 && left.serial >= 12) {
      const x = a.subarray(left.start, left.start + left.length)
      const y = b.subarray(right.start, right.start + right.length)
      const isText = left.serial % 2 === 1
      difference = isText ? compareText(x, y, collation, encoding) : compareBytes(x, y)
    } else if (difference === 0 && left.serial !== 0) {
      const format = { encoding, ...DEFAULT_MODE }
      const x = readValue(a, left.start, left.serial, format)!
      const y = readValue(b, right.start, right.serial, format)!
      difference = x < y ? -1 : x > y ? 1 : 0
    }
    if (difference !== 0) return descending ? -difference : difference
  }
  return 0
}
