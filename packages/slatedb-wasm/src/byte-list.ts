// A packed list of byte strings, as it crosses to the engine and back: a little-endian word with their number,
// a word of length each (0xffffffff: not there), then the bytes without gaps.

const WORD = 4
const ABSENT = 0xffff_ffff

/** Packs keys for `getManyPacked`. */
export function packByteList(items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let offset = WORD * (1 + items.length)
  let total = offset
  for (const item of items) total += item.length
  const packed = new Uint8Array(total)
  const words = new DataView(packed.buffer)
  words.setUint32(0, items.length, true)
  for (const [i, item] of items.entries()) {
    words.setUint32(WORD * (1 + i), item.length, true)
    packed.set(item, offset)
    offset += item.length
  }
  return packed
}

/** The items of a packed list, as views of it. */
export function unpackByteList(packed: Uint8Array): (Uint8Array | undefined)[] {
  const words = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const count = words.getUint32(0, true)
  const items: (Uint8Array | undefined)[] = []
  let offset = WORD * (1 + count)
  for (let i = 0; i < count; i++) {
    const length = words.getUint32(WORD * (1 + i), true)
    if (length === ABSENT) items.push(undefined)
    else items.push(packed.subarray(offset, (offset += length)))
  }
  return items
}
