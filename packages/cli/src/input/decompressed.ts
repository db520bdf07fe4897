import { pipeline, Readable, type Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { Failure } from '../util/usage-error.js'

/** Bytes that tell what the rest is. */
const MAGIC_BYTES = 4

/**
 * The bytes behind gzip or zstd, told by their first bytes; others as they are.
 *
 * Errors: Failure for zstd where Node cannot (22.15 and later can), and for data that is damaged or cut short.
 */
export async function* decompressed(
  chunks: AsyncGenerator<Buffer>,
  name: string,
): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < MAGIC_BYTES) {
    const next = await chunks.next()
    if (next.done === true) break
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
  }
  const rest = prepend(head, chunks)
  const decoder = decoderFor(head, name)
  if (decoder === undefined) {
    yield* rest
    return
  }
  // Its callback is not needed: a failure of either end comes out of the stream that is read.
  const stream = pipeline(Readable.from(rest, { objectMode: false }), decoder, () => {})
  try {
    yield* stream as AsyncIterable<Buffer>
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || !/^(Z_|ZSTD_)/.test(code)) throw error
    const problem = code === 'Z_BUF_ERROR' ? 'it ends too soon' : (error as Error).message
    throw new Failure(`${name}: the compressed data is damaged: ${problem}`, { cause: error })
  }
}

async function* prepend(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}

function decoderFor(head: Buffer, name: string): Transform | undefined {
  const chunkSize = 256 * 1024
  if (head[0] === 0x1f && head[1] === 0x8b) return zlib.createGunzip({ chunkSize })
  if (head.length < MAGIC_BYTES || head.readUInt32LE() !== 0xfd2fb528) return undefined
  const { createZstdDecompress } = zlib as {
    createZstdDecompress?: (options: { chunkSize: number }) => Transform
  }
  if (createZstdDecompress !== undefined) return createZstdDecompress({ chunkSize })
  throw new Failure(
    `${name}: it is zstd, which needs Node 22.15 or later, this is ${process.versions.node}; ` +
      'decompress it on the way: zstd -dc FILE | shardy build -',
  )
}
