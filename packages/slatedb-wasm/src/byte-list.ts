// A packed list of byte strings, as it crosses to the engine and back: a little-endian word with their number,
// a word of length each (0xffffffff: not there), then the bytes without gaps.

const WORD = 4
const ABSENT = 0xffff_ffff
/** Up to here copying byte by byte is faster. */
const SHORT_BYTES = 16

/** Packs keys for `getManyPacked`. */
export function packByteList(items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let offset = WORD * (1 + items.length)
  let total = offset
  for (const item of items) total += item.length
  const packed = new Uint8Array(total)
  const words = new DataView(packed.buffer)
  words.setUint32(0, items.length, true)
  // Once for every lookup: iterators, and set() for a few bytes, would be most of the cost.
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    words.setUint32(WORD * (1 + i), item.length, true)
    if (item.length <= SHORT_BYTES)
      for (let at = 0; at < item.length; at++) packed[offset + at] = item[at]!
    else packed.set(item, offset)
    offset += item.length
  }
  return packed
}

/** The items of a packed list, as views of it. */
export function unpackByteList(packed: Uint8Array): (Uint8Array | undefined)[] {
  const words = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const count = words.getUint32(0, true)
  const items: (Uint8Array | undefined)[] = []
  const { buffer, byteOffset } = packed
  let offset = WORD * (1 + count)
  for (let i = 0; i < count; i++) {
    const length = words.getUint32(WORD * (1 + i), true)
    if (length === ABSENT) items.push(undefined)
    else {
      // At half the cost of subarray(), which asks what kind of array to make.
      items.push(new Uint8Array(buffer, byteOffset + offset, length))
      offset += length
    }
  }
  return items
}
