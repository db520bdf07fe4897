// The packed layout of an EntryChunk, the same for engines, worker threads and the sync bridge.
// Little-endian; every number is an unsigned 32-bit word.
//
//   word 0   magic "SFC1"
//   word 1   count       entries in the chunk
//   word 2   dataOffset  byte offset of the data; at least 16 + 8 * count, a multiple of 8
//   word 3   dataBytes   bytes of data in use
//   byte 16  ends[2 * count]: end of key i, end of value i, relative to dataOffset
//   dataOffset           key 0, value 0, key 1, value 1, … without gaps
//
// There may be unused room between the table and the data and behind the data, so that a producer
// can fill a buffer without knowing the count in advance.

/** "SFC1" read as a little-endian word. */
export const MAGIC = 0x31434653
export const WORD_MAGIC = 0
export const WORD_COUNT = 1
export const WORD_DATA_OFFSET = 2
export const WORD_DATA_BYTES = 3
export const HEADER_BYTES = 16
export const ENDS_OFFSET = HEADER_BYTES

/** Maximum data bytes of one chunk: offsets are 32-bit words. */
export const MAX_DATA_BYTES = 0xffff_ffff

/** Returns where data starts in a buffer with room for `entries` offsets. */
export function dataOffsetFor(entries: number): number {
  return ENDS_OFFSET + entries * 8
}

export function writeHeader(
  buffer: ArrayBuffer,
  count: number,
  dataOffset: number,
  dataBytes: number,
): void {
  const header = new Uint32Array(buffer, 0, HEADER_BYTES / 4)
  header[WORD_MAGIC] = MAGIC
  header[WORD_COUNT] = count
  header[WORD_DATA_OFFSET] = dataOffset
  header[WORD_DATA_BYTES] = dataBytes
}
