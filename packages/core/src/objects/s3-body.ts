import { BadAnswer } from './s3-failure.js'

/** The bytes of an answer; its length, where told, is the length they must have. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  length: number | undefined,
): Promise<Uint8Array> {
  return length === undefined ? readUnknown(body) : readKnown(body, length)
}

async function readKnown(body: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  for await (const piece of body) {
    if (done + piece.length > length)
      throw new BadAnswer('network', 'more bytes came than announced')
    bytes.set(piece, done)
    done += piece.length
  }
  if (done < length) throw new BadAnswer('network', `${done} of ${length} bytes came`)
  return bytes
}

async function readUnknown(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}
