import { BodyProblem } from './read-body.js'

/** A `Content-Range` of bytes; `total` is `undefined` if the server does not send it. */
interface ContentRange {
  readonly start: number
  readonly end: number
  readonly total: number | undefined
}

function parseContentRange(header: string): ContentRange | undefined {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header.trim()) ?? []
  if (first === undefined || last === undefined) return undefined
  const size = total === '*' ? undefined : Number(total)
  return { start: Number(first), end: Number(last) + 1, total: size }
}

/**
 * Returns the length of a partial response, compared with the requested bytes `[start, end)`.
 *
 * Errors: BodyProblem of kind `network` if the part ends early; `onOther` makes the error for
 * another part.
 */
export function partLength(
  header: string,
  asked: { readonly start: number; readonly end: number },
  onOther: (message: string) => Error,
): number {
  const came = parseContentRange(header)
  if (came === undefined) throw onOther('a Content-Range in a unit other than bytes')
  const { start, end, total } = came
  const wanted = Math.min(asked.end, total ?? asked.end)
  if (start !== asked.start || end > wanted || end <= start) {
    throw onOther(`bytes ${start} to ${end} for bytes ${asked.start} to ${wanted}`)
  }
  // If the object's size is unknown, it may end here.
  if (end < wanted && total !== undefined) {
    throw new BodyProblem('network', `${end - start} of ${wanted - start} bytes arrived`)
  }
  return end - start
}
