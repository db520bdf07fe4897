import { Failure } from '../util/usage-error.js'
import type { Input } from './open-input.js'

/** A longer line is more likely a file without line ends than a row. */
const MAX_LINE_BYTES = 64 * 1024 * 1024
const LINE_FEED = 10
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * The input in pieces that end with a line, so that no character and no plain row is cut in two.
 *
 * Shape: without the byte order mark; the last piece may lack its line end. Errors: Failure for a line without end.
 */
export async function* wholeLines(input: Input): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let waiting = 0
  let first = true
  const joined = (last: Buffer): Buffer => {
    const piece = waiting === 0 ? last : Buffer.concat([...parts, last])
    const marked = first && piece.length >= 3 && piece.subarray(0, 3).equals(BYTE_ORDER_MARK)
    first = false
    return marked ? piece.subarray(3) : piece
  }
  for await (const chunk of input.chunks()) {
    const end = chunk.lastIndexOf(LINE_FEED) + 1
    if (end > 0) {
      yield joined(chunk.subarray(0, end))
      parts = []
      waiting = 0
    }
    if (end < chunk.length) parts.push(chunk.subarray(end))
    waiting += chunk.length - end
    if (waiting > MAX_LINE_BYTES)
      throw new Failure(`${input.name}: a line has more than ${MAX_LINE_BYTES} bytes`)
  }
  if (waiting > 0) yield joined(Buffer.alloc(0))
}
