// A packed list of byte strings, as it crosses to the engine and back: a little-endian word with their number,
// a word of length each (0xffffffff: not there), then the bytes without gaps.

const WORD = 4
const ABSENT = 0xffff_ffff
/** Up to here copying byte by byte is faster. */
const SHORT_BYTES = 16

/** The size of the packed list of these items. */
export function byteListBytes(items: readonly Uint8Array[]): number {
  let bytes = WORD * (1 + items.length)
  for (const item of items) bytes += item.length
  return bytes
}

/** Packs items into `packed`, from `at`. */
export function writeByteList(items: readonly Uint8Array[], packed: Uint8Array, at = 0): void {
  writeWord(packed, at, items.length)
  let length = at + WORD
  let offset = length + WORD * items.length
  for (const item of items) {
    writeWord(packed, length, item.length)
    length += WORD
    if (item.length <= SHORT_BYTES)
      for (let i = 0; i < item.length; i++) packed[offset + i] = item[i]!
    else packed.set(item, offset)
    offset += item.length
  }
}

export function packByteList(items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(byteListBytes(items))
  writeByteList(items, packed)
  return packed
}

/** The items of a packed list that starts at the beginning of its buffer, as views of it. */
export function readByteList(packed: Uint8Array<ArrayBuffer>): (Uint8Array | undefined)[] {
  const { buffer } = packed
  const count = new Uint32Array(buffer, 0, 1)[0]!
  const lengths = new Uint32Array(buffer, WORD, count)
  const items: (Uint8Array | undefined)[] = []
  let offset = WORD * (1 + count)
  for (let i = 0; i < count; i++) {
    const length = lengths[i]!
    if (length === ABSENT) items.push(undefined)
    else {
      // At half the cost of subarray(), which asks what kind of array to make.
      items.push(new Uint8Array(buffer, offset, length))
      offset += length
    }
  }
  return items
}

/** Puts such items at their positions in `values`, by default their order; absent ones are left out. */
export function readByteListInto(
  packed: Uint8Array<ArrayBuffer>,
  values: (Uint8Array | undefined)[],
  positions: Int32Array | undefined,
): void {
  const { buffer } = packed
  const count = new Uint32Array(buffer, 0, 1)[0]!
  const lengths = new Uint32Array(buffer, WORD, count)
  let offset = WORD * (1 + count)
  for (let i = 0; i < count; i++) {
    const length = lengths[i]!
    if (length === ABSENT) continue
    values[positions === undefined ? i : positions[i]!] = new Uint8Array(buffer, offset, length)
    offset += length
  }
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word
  bytes[at + 1] = word >>> 8
  bytes[at + 2] = word >>> 16
  bytes[at + 3] = word >>> 24
}
