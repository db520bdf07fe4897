// The parts of a table: blocks, filter, index, statistics and description, each with its CRC-32 behind it.

const FOOTER_BYTES = 10
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1
  return n
})

export interface Part {
  readonly start: number
  /** Behind its checksum. */
  readonly end: number
}

/** Where the parts of a table lie: each ends where the checksum of all before it stands. */
export function partsOf(table: Uint8Array): Part[] {
  const words = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const parts: Part[] = []
  let start = 0
  let crc = -1
  for (let at = 0; at + 4 <= table.length - FOOTER_BYTES; at++) {
    if (at > start && words.getInt32(at) === ~crc) {
      parts.push({ start, end: at + 4 })
      start = at + 4
      at += 3
      crc = -1
      continue
    }
    crc = TABLE[(crc ^ table[at]!) & 255]! ^ (crc >>> 8)
  }
  return parts
}

/** Makes the checksum of a part right for what it holds now. */
export function fixChecksum(table: Uint8Array, { start, end }: Part): void {
  let crc = -1
  for (let at = start; at < end - 4; at++) crc = TABLE[(crc ^ table[at]!) & 255]! ^ (crc >>> 8)
  new DataView(table.buffer, table.byteOffset, table.byteLength).setInt32(end - 4, ~crc)
}
