/** Bytes of one object that are taken into memory at most. */
export const MAX_OBJECT_BYTES = 2 ** 31
/** Up to this many announced bytes, memory is taken at once. */
const TRUSTED_BYTES = 64 * 1024 * 1024

/** A body that is not what was announced, or more than is taken. */
export class BodyProblem extends Error {
  readonly kind: 'network' | 'too-large'

  constructor(kind: 'network' | 'too-large', message: string) {
    super(message)
    this.kind = kind
  }
}
Object.defineProperty(BodyProblem.prototype, 'name', { value: 'BodyProblem' })

export interface BodyLimits {
  /** The length announced, which the body must have. */
  readonly length: number | undefined
  readonly maxBytes: number
  readonly received: (bytes: number) => void
}

/** The bytes of an answer. Errors: BodyProblem. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  { length, maxBytes, received }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  if (length !== undefined && length > maxBytes) throw tooLarge(length, maxBytes)
  // A hostile length alone must not take memory.
  const whole = length !== undefined && length <= TRUSTED_BYTES ? new Uint8Array(length) : undefined
  const pieces: Uint8Array[] = []
  let done = 0
  for await (const piece of body) {
    received(piece.length)
    if (length !== undefined && done + piece.length > length) {
      throw new BodyProblem('network', `more than the ${length} bytes announced came`)
    }
    if (done + piece.length > maxBytes) throw tooLarge(done + piece.length, maxBytes)
    if (whole === undefined) pieces.push(piece)
    else whole.set(piece, done)
    done += piece.length
  }
  if (length !== undefined && done < length) {
    throw new BodyProblem('network', `${done} of ${length} bytes came`)
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
    `${bytes} bytes or more, and an object of at most ${maxBytes} bytes is taken`,
  )
}
