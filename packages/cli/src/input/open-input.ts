import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { Failure } from '../util/usage-error.js'
import { decompressed } from './decompressed.js'

/** Bytes asked of a file at a time. */
const READ_BYTES = 256 * 1024

/** One input: its bytes, decompressed, and how far they have been read. */
export interface Input {
  /** Path of the file, or `stdin`. */
  readonly name: string
  /** Bytes of the file, or `undefined` when nobody knows. */
  readonly totalBytes: number | undefined
  /** Bytes taken from it so far, before decompression. */
  readonly bytesRead: number
  chunks(): AsyncGenerator<Buffer>
}

/**
 * Opens a file, or stdin for `-`. Errors: Failure with the name of the file.
 *
 * Read with streams, not with `readSync`: there is no gzip by pieces without them, and Ctrl-C must be heard while
 * stdin is silent.
 */
export function openInput(path: string): Input {
  const isStdin = path === '-'
  const name = isStdin ? 'stdin' : path
  let bytesRead = 0
  async function* raw(): AsyncGenerator<Buffer> {
    const stream: Readable = isStdin
      ? process.stdin
      : createReadStream(path, { highWaterMark: READ_BYTES })
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytesRead += chunk.length
      yield chunk
    }
  }
  return {
    name,
    totalBytes: isStdin ? undefined : fileSize(path),
    get bytesRead() {
      return bytesRead
    },
    async *chunks() {
      try {
        yield* decompressed(raw(), name)
      } catch (error) {
        if (error instanceof Failure) throw error
        throw new Failure(`${name}: reading stopped: ${(error as Error).message}`, { cause: error })
      }
    },
  }
}

function fileSize(path: string): number | undefined {
  let stats
  try {
    stats = statSync(path)
  } catch (cause) {
    throw new Failure(`cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
  if (stats.isDirectory()) throw new Failure(`cannot read ${path}: it is a folder; name its files`)
  // A pipe or device has no size to speak of.
  return stats.isFile() ? stats.size : undefined
}
