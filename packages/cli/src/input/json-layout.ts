import type { InputFormat } from './input-format.js'

const LINE_FEED = 10
const OPEN_ARRAY = 91
const CLOSE_OBJECT = 125
/** Maximum bytes of white space before the first value. */
const MAX_BLANKS = 64 * 1024

/** The layout of JSON: one row per line, or rows over any number of lines. */
export type JsonLayout = 'lines' | 'values'

/**
 * Detects the layout from the first bytes. An array is read as values, and so is a .json file whose first line is not a
 * complete object.
 *
 * Shape: `all` is the whole input.
 */
export async function jsonLayout(
  chunks: AsyncGenerator<Buffer>,
  format: Extract<InputFormat, 'ndjson' | 'json' | 'json-file'>,
): Promise<{ layout: JsonLayout; all: AsyncIterable<Buffer> }> {
  if (format === 'json') return { layout: 'values', all: chunks }
  let head: Buffer = Buffer.alloc(0)
  let first = -1
  while (first < 0 && head.length < MAX_BLANKS) {
    const next = await chunks.next()
    if (next.done === true) break
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
    first = head.findIndex((byte) => !isBlank(byte))
  }
  const isValues =
    head[first] === OPEN_ARRAY || (format === 'json-file' && !isWholeLine(head, first))
  return { layout: isValues ? 'values' : 'lines', all: prepend(head, chunks) }
}

function isWholeLine(head: Buffer, first: number): boolean {
  const feed = head.indexOf(LINE_FEED, Math.max(first, 0))
  let last = (feed < 0 ? head.length : feed) - 1
  while (last > first && isBlank(head[last]!)) last--
  return head[last] === CLOSE_OBJECT
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === LINE_FEED || byte === 13 || byte === 9
}

async function* prepend(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}
