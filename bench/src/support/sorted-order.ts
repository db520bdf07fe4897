/**
 * The order of some keys as unsigned bytes, as row numbers.
 *
 * The four bytes behind what all keys begin with, and the row number, make one number each; these sort natively. Rows
 * that agree in those bytes are then compared whole.
 */
export function sortedOrder(keys: readonly Uint8Array[]): Uint32Array {
  const skip = sharedPrefix(keys)
  const rows = 2 ** Math.ceil(Math.log2(keys.length + 1))
  const numbers = new Float64Array(keys.length)
  for (let i = 0; i < keys.length; i++) numbers[i] = wordAt(keys[i]!, skip) * rows + i
  numbers.sort()
  const order = new Uint32Array(keys.length)
  for (let i = 0; i < order.length; i++) order[i] = numbers[i]! % rows
  for (let start = 0; start < order.length;) {
    const word = wordAt(keys[order[start]!]!, skip)
    let end = start + 1
    while (end < order.length && wordAt(keys[order[end]!]!, skip) === word) end++
    if (end - start > 1) {
      const group = order.subarray(start, end)
      group.sort((a, b) => Buffer.compare(keys[a]!, keys[b]!))
    }
    start = end
  }
  return order
}

function wordAt(key: Uint8Array, at: number): number {
  let word = 0
  for (let i = at; i < at + 4; i++) word = word * 256 + (key[i] ?? 0)
  return word
}

function sharedPrefix(keys: readonly Uint8Array[]): number {
  const [first] = keys
  let shared = first?.length ?? 0
  for (const key of keys) {
    let same = 0
    while (same < shared && key[same] === first![same]) same++
    shared = same
  }
  return shared
}
