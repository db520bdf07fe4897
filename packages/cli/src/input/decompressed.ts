import type { Transform } from 'node:stream'
import { Failure } from '../util/usage-error.js'
import { headOf } from './head-of.js'

const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/**
 * Decompresses gzip and zstd, detected by their first bytes. Passes other data through.
 *
 * Errors: Failure for zstd before Node 22.15, and for damaged or truncated data.
 */
export async function* decompressed(
  chunks: AsyncGenerator<Buffer>,
  name: string,
): AsyncGenerator<Buffer> {
  const { head, all } = await headOf(chunks, [ZSTD_MAGIC, GZIP_MAGIC])
  const decoder = await decoderFor(head, name)
  if (decoder === undefined) {
    yield* all
    return
  }
  // Not imported, which would load the streams of Node for every command.
  const { pipeline, Readable } = process.getBuiltinModule('node:stream')
  // The callback is not needed: the output stream reports the errors of both streams.
  const stream = pipeline(Readable.from(all, { objectMode: false }), decoder, () => {})
  try {
    yield* stream as AsyncIterable<Buffer>
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || !/^(Z_|ZSTD_)/.test(code)) throw error
    const problem = code === 'Z_BUF_ERROR' ? 'it is truncated' : (error as Error).message
    throw new Failure(`${name}: the compressed data is damaged: ${problem}`, { cause: error })
  }
}

async function decoderFor(head: Buffer, name: string): Promise<Transform | undefined> {
  const chunkSize = 256 * 1024
  const gzip = startsWith(head, GZIP_MAGIC)
  if (!gzip && !startsWith(head, ZSTD_MAGIC)) return undefined
  const zlib = await import('node:zlib')
  if (gzip) return zlib.createGunzip({ chunkSize })
  const { createZstdDecompress } = zlib as {
    createZstdDecompress?: (options: { chunkSize: number }) => Transform
  }
  if (createZstdDecompress !== undefined) return createZstdDecompress({ chunkSize })
  throw new Failure(
    `${name}: zstd needs Node 22.15 or later, got ${process.versions.node}; ` +
      'decompress the file first: zstd -dc FILE | shardy build -',
  )
}

function startsWith(head: Buffer, magic: Buffer): boolean {
  return head.subarray(0, magic.length).equals(magic)
}
