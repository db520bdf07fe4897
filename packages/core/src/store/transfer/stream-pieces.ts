/**
 * Reads a stream piece by piece, also in browsers whose streams are not iterable. The rest of a
 * stream that is not read to its end is canceled.
 */
export async function* streamPieces(
  stream: ReadableStream<Uint8Array> | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (stream === null) return
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
