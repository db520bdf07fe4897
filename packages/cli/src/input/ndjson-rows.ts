import { isUtf8 } from 'node:buffer'
import { BadRow, type BadRowPolicy } from './bad-row.js'
import { jsonRow } from './json-row.js'
import { NOT_UTF8 } from './limits.js'
import type { LineTally } from './line-tally.js'
import type { Input } from './open-input.js'
import type { Row } from './row.js'
import type { RowOptions } from './row-options.js'
import { wholeLines } from './whole-lines.js'

const LINE_FEED = 10

/** Reads the rows of newline-delimited JSON, one batch per chunk of input. Ignores blank lines. */
export async function* ndjsonRows(
  input: Input,
  chunks: AsyncIterable<Buffer>,
  options: RowOptions,
  bad: BadRowPolicy,
  tally: LineTally,
): AsyncGenerator<readonly Row[]> {
  let line = 0
  for await (const piece of wholeLines(input, chunks)) {
    const rows: Row[] = []
    // Check the whole chunk at once; check single lines only if that fails.
    const clean = isUtf8(piece)
    for (let start = 0; start < piece.length;) {
      const found = piece.indexOf(LINE_FEED, start)
      const end = found < 0 ? piece.length : found
      line++
      const bytes = trimmed(piece, start, end)
      start = end + 1
      if (bytes.length === 0) {
        tally.ignored++
        continue
      }
      try {
        if (!clean && !isUtf8(bytes)) throw new BadRow(NOT_UTF8)
        rows.push(jsonRow(bytes.toString(), bytes, line, options))
        tally.accepted++
      } catch (error) {
        if (!(error instanceof BadRow)) throw error
        tally.skipped++
        bad.reject(error.message, { file: input.name, line }, () => bytes.toString())
      }
    }
    if (rows.length > 0) yield rows
  }
}

/** Removes white space around a line, and a byte order mark, which concatenated files contain in the middle. */
function trimmed(piece: Buffer, from: number, to: number): Buffer {
  let start = from
  let end = to
  while (start < end && isBlank(piece[start]!)) start++
  if (piece[start] === 0xef && piece[start + 1] === 0xbb && piece[start + 2] === 0xbf) start += 3
  while (end > start && isBlank(piece[end - 1]!)) end--
  return piece.subarray(start, end)
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13
}
