/**
 * Reads enough of a stream to see whether it starts with one of `marks`. Returns these bytes and the whole stream.
 *
 * It reads on only while a mark is still possible, because an interactive producer may wait for an answer to a short
 * first line.
 */
export async function headOf(
  chunks: AsyncGenerator<Buffer>,
  marks: readonly Buffer[],
): Promise<{ head: Buffer; all: AsyncGenerator<Buffer> }> {
  let head: Buffer = Buffer.alloc(0)
  while (marks.some((mark) => isBeginning(head, mark))) {
    const next = await chunks.next()
    if (next.done === true) break
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
  }
  return { head, all: prepend(head, chunks) }
}

function isBeginning(head: Buffer, mark: Buffer): boolean {
  return head.length < mark.length && mark.subarray(0, head.length).equals(head)
}

async function* prepend(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}
