import { Unzlib, unzlibSync, zlibSync } from 'fflate'

/** Values up to this size are decompressed in one buffer: their result is at most a thousand times as large. */
const MAX_WHOLE_BYTES = 16 * 1024
const PIECE_BYTES = 16 * 1024

type Level = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

/** Compresses bytes as a zlib stream (RFC 1950). */
export function deflate(
  bytes: Uint8Array,
  level: number,
  dictionary: Uint8Array | undefined,
): Uint8Array {
  return zlibSync(bytes, { level: level as Level, ...(dictionary && { dictionary }) })
}

/** Decompresses a zlib stream. Errors: RangeError if it has more than `maxBytes`; Error if it is damaged. */
export function inflate(
  bytes: Uint8Array,
  maxBytes: number,
  dictionary: Uint8Array | undefined,
): Uint8Array {
  const options = dictionary === undefined ? {} : { dictionary }
  if (bytes.length <= MAX_WHOLE_BYTES) {
    // One byte more than it may fill: a full buffer may be a part of the result.
    const out = new Uint8Array(Math.min(maxBytes, Math.max(1024, 8 * bytes.length)) + 1)
    const whole = unzlibSync(bytes, { ...options, out })
    if (whole.length < out.length) return checked(whole.slice(), bytes)
  }
  return checked(inflateInPieces(bytes, maxBytes, options), bytes)
}

/** Compares the checksum at the end of a stream, which fflate ignores. */
function checked(data: Uint8Array, stream: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = stream
  if (
    length >= 4 &&
    new DataView(buffer, byteOffset, length).getUint32(length - 4) === adler32(data)
  )
    return data
  throw new Error('incorrect data check')
}

/** The sums of one block stay exact. */
const ADLER_BLOCK = 3800
const ADLER_MODULUS = 65_521

function adler32(data: Uint8Array): number {
  let a = 1
  let b = 0
  for (let at = 0; at < data.length; at += ADLER_BLOCK) {
    const end = Math.min(at + ADLER_BLOCK, data.length)
    for (let i = at; i < end; i++) b += a += data[i]!
    a %= ADLER_MODULUS
    b %= ADLER_MODULUS
  }
  return ((b << 16) | a) >>> 0
}

function inflateInPieces(
  bytes: Uint8Array,
  maxBytes: number,
  options: { readonly dictionary?: Uint8Array },
): Uint8Array {
  const pieces: Uint8Array[] = []
  let length = 0
  const stream = new Unzlib(options, (piece) => {
    length += piece.length
    if (length > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`)
    pieces.push(piece)
  })
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const end = at + PIECE_BYTES
    stream.push(bytes.subarray(at, end), end >= bytes.length)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
