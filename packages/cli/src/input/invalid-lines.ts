import { isUtf8 } from 'node:buffer'

const LINE_FEED = 10

/** The numbers of the lines in a chunk that are not UTF-8; `first` is the number of its first line. */
export function invalidLines(piece: Buffer, first: number): ReadonlySet<number> {
  const found = new Set<number>()
  let line = first
  for (let start = 0; start < piece.length; line++) {
    const feed = piece.indexOf(LINE_FEED, start)
    const end = feed < 0 ? piece.length : feed
    if (!isUtf8(piece.subarray(start, end))) found.add(line)
    start = end + 1
  }
  return found
}
