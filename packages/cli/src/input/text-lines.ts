import { isUtf8 } from 'node:buffer'
import { formatCount } from '../output/units.js'
import { Failure } from '../util/usage-error.js'
import type { Input } from './open-input.js'
import { wholeLines } from './whole-lines.js'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/**
 * Yields the lines of a text, without line ends, as they arrive. Only LF and CRLF end a line.
 *
 * Errors: Failure that names a line that is not UTF-8 or too long.
 */
export async function* textLines(input: Input): AsyncGenerator<string> {
  let line = 0
  for await (const piece of wholeLines(input)) {
    for (let start = 0; start < piece.length;) {
      const found = piece.indexOf(LINE_FEED, start)
      const end = found < 0 ? piece.length : found
      const hasReturn = end > start && piece[end - 1] === CARRIAGE_RETURN
      const bytes = piece.subarray(start, hasReturn ? end - 1 : end)
      line++
      start = end + 1
      if (!isUtf8(bytes)) throw new Failure(`${input.name}:${line}: it is not UTF-8`)
      yield bytes.toString()
    }
  }
}

/** Reads a whole text of at most `maxBytes`. Errors: Failure if it is longer or not UTF-8. */
export async function wholeText(input: Input, maxBytes: number): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of input.chunks()) {
    bytes += chunk.length
    if (bytes > maxBytes)
      throw new Failure(
        `${input.name}: it must have at most ${formatCount(maxBytes)} bytes, got more`,
      )
    parts.push(chunk)
  }
  const text = Buffer.concat(parts)
  if (isUtf8(text)) return text.toString()
  throw new Failure(`${input.name}: it is not UTF-8`)
}

/** Groups items into lists of at most `size`. */
export async function* inBatches<T>(
  items: AsyncIterable<T>,
  size: number,
): AsyncGenerator<readonly T[]> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
