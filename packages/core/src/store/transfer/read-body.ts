/** Maximum bytes of one object that are read into memory. */
export const MAX_OBJECT_BYTES = 2 ** 31
/** Up to this many announced bytes, memory is allocated at once. */
const TRUSTED_BYTES = 64 * 1024 * 1024

/** A body that differs from its announced length or exceeds the limit. */
export class BodyProblem extends Error {
  readonly kind: 'network' | 'too-large'

  constructor(kind: 'network' | 'too-large', message: string) {
    super(message)
    this.kind = kind
  }
}
Object.defineProperty(BodyProblem.prototype, 'name', { value: 'BodyProblem' })

export interface BodyLimits {
  /** The announced length, which the body must have. */
  readonly length: number | undefined
  readonly maxBytes: number
  readonly received: (bytes: number) => void
}

/** Reads the bytes of a response. Errors: BodyProblem. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  { length, maxBytes, received }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  if (length !== undefined && length > maxBytes) throw tooLarge(length, maxBytes)
  // A hostile length alone must not allocate memory.
  const whole = length !== undefined && length <= TRUSTED_BYTES ? new Uint8Array(length) : undefined
  const pieces: Uint8Array[] = []
  let done = 0
  for await (const piece of body) {
    received(piece.length)
    if (length !== undefined && done + piece.length > length) {
      throw new BodyProblem('network', `more than the ${length} announced bytes arrived`)
    }
    if (done + piece.length > maxBytes) throw tooLarge(done + piece.length, maxBytes)
    if (whole === undefined) pieces.push(piece)
    else whole.set(piece, done)
    done += piece.length
  }
  if (length !== undefined && done < length) {
    throw new BodyProblem('network', `${done} of ${length} bytes arrived`)
  }
  return whole ?? joined(pieces, done)
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let done = 0
  for (const piece of pieces) {
    bytes.set(piece, done)
    done += piece.length
  }
  return bytes
}

function tooLarge(bytes: number, maxBytes: number): BodyProblem {
  return new BodyProblem(
    'too-large',
    `${bytes} bytes or more, above the limit of ${maxBytes} bytes`,
  )
}
