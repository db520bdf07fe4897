import { Failure } from '../util/usage-error.js'
import { LINE_LIMIT_TEXT, MAX_LINE_BYTES } from './limits.js'
import type { Input } from './open-input.js'

const LINE_FEED = 10

/**
 * Yields the input in chunks that end at a line end, so that no character and no unquoted row is split.
 *
 * Shape: the last chunk may have no line end. Errors: Failure for a line that is too long.
 */
export async function* wholeLines(
  input: Input,
  chunks: AsyncIterable<Buffer> = input.chunks(),
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let waiting = 0
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED) + 1
    const first = end === 0 ? chunk.length : chunk.indexOf(LINE_FEED)
    if (waiting + first > MAX_LINE_BYTES) {
      const line = input.linesRead - (end === 0 ? 0 : linesIn(chunk)) + 1
      throw new Failure(
        `${input.name}:${line}: a line must have at most ${LINE_LIMIT_TEXT}, got more`,
      )
    }
    if (end > 0) {
      const whole = chunk.subarray(0, end)
      yield waiting === 0 ? whole : Buffer.concat([...parts, whole])
      parts = []
      waiting = 0
    }
    if (end < chunk.length) parts.push(chunk.subarray(end))
    waiting += chunk.length - end
  }
  if (waiting > 0) yield Buffer.concat(parts)
}

function linesIn(chunk: Buffer): number {
  return chunk.reduce((count, byte) => (byte === LINE_FEED ? count + 1 : count), 0)
}
