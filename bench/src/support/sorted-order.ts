/** Entries packed contiguously, as in a chunk. */
interface Packed {
  readonly count: number
  readonly data: Uint8Array
  readonly ends: Uint32Array
}

/**
 * The row numbers of entries, ordered by their keys as unsigned bytes.
 *
 * The four bytes after the common prefix of all keys, and the row number, form one number per row. These numbers are
 * sorted natively. Rows with equal numbers are then compared by their whole keys.
 */
export function sortedOrder(rows: Packed): Uint32Array {
  const { count } = rows
  const skip = sharedPrefix(rows)
  const scale = 2 ** Math.ceil(Math.log2(count + 1))
  const numbers = new Float64Array(count)
  for (let row = 0; row < count; row++) numbers[row] = wordOf(rows, row, skip) * scale + row
  numbers.sort()
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = numbers[i]! % scale
  for (let start = 0; start < count;) {
    const word = Math.floor(numbers[start]! / scale)
    let end = start + 1
    while (end < count && Math.floor(numbers[end]! / scale) === word) end++
    if (end - start > 1) {
      order.subarray(start, end).sort((a, b) => Buffer.compare(keyOf(rows, a), keyOf(rows, b)))
    }
    start = end
  }
  return order
}

function wordOf({ data, ends }: Packed, row: number, skip: number): number {
  const start = (row === 0 ? 0 : ends[2 * row - 1]!) + skip
  const end = ends[2 * row]!
  let word = 0
  for (let at = start; at < start + 4; at++) word = word * 256 + (at < end ? data[at]! : 0)
  return word
}

function keyOf({ data, ends }: Packed, row: number): Uint8Array {
  return data.subarray(row === 0 ? 0 : ends[2 * row - 1]!, ends[2 * row])
}

function sharedPrefix(rows: Packed): number {
  if (rows.count === 0) return 0
  const first = keyOf(rows, 0)
  let shared = first.length
  for (let row = 1; row < rows.count && shared > 0; row++) {
    const start = rows.ends[2 * row - 1]!
    const most = Math.min(shared, rows.ends[2 * row]! - start)
    let same = 0
    while (same < most && rows.data[start + same] === first[same]) same++
    shared = same
  }
  return shared
}
