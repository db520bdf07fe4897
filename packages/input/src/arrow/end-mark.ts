import { InputError } from '../input-error.js'

/** The end of a stream: a continuation mark without a message. A killed writer does not write it. */
const STREAM_END = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)

/** The first bytes of each message of a stream. */
const MESSAGE_START = STREAM_END.subarray(0, 4)

/** The first and last bytes of a file, which has a footer. */
const FILE_MAGIC = new TextEncoder().encode('ARROW1')

/**
 * Checks the first and last bytes of Arrow data: the reader takes a stream that was cut for a smaller one.
 *
 * `head` has at least the first 6 bytes, `tail` the last 8. Errors: InputError.
 */
export function requireEnd(head: Uint8Array, tail: Uint8Array): void {
  const isArrow = startsWith(head, FILE_MAGIC) || startsWith(head, MESSAGE_START)
  if (!isArrow && head.length > 0)
    throw new InputError('it does not begin as one; check its format')
  const end = startsWith(head, FILE_MAGIC) ? FILE_MAGIC : STREAM_END
  if (startsWith(tail.subarray(Math.max(0, tail.length - end.length)), end)) return
  throw new InputError('it has no end mark; check whether its writer was killed')
}

/** Passes the pieces of a stream on, and checks its end. Errors: InputError after the last piece. */
export async function* withEndChecked(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  let head = new Uint8Array(0)
  let tail = new Uint8Array(0)
  for await (const piece of pieces) {
    if (head.length < FILE_MAGIC.length) head = joined(head, piece.subarray(0, FILE_MAGIC.length))
    tail = joined(tail, piece.subarray(-STREAM_END.length)).slice(-STREAM_END.length)
    yield piece
  }
  requireEnd(head, tail)
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte)
}
