import { createReadStream, statSync, type Stats } from 'node:fs'
import type { Readable } from 'node:stream'
import { Failure } from '../util/usage-error.js'
import { decompressed } from './decompressed.js'
import { utf8Text } from './utf8-text.js'

/** Bytes per read of a file. */
const READ_BYTES = 256 * 1024
const LINE_FEED = 10

/** One input: its text, decompressed and decoded to UTF-8, and the read progress. */
export interface Input {
  /** Path of the file, or `stdin`. */
  readonly name: string
  /** Set if the input can be read only once: `stdin`, `a pipe`, `a device`. */
  readonly onceOnly: string | undefined
  /** Size of the file in bytes; `undefined` if unknown. */
  readonly totalBytes: number | undefined
  /** Bytes read so far, before decompression. */
  readonly bytesRead: number
  /** Lines read so far. A last line without a line end counts at the end of the input. */
  readonly linesRead: number
  chunks(): AsyncGenerator<Buffer>
}

/**
 * Opens a file, or stdin for `-`. Errors: Failure with the name of the file.
 *
 * It uses streams instead of `readSync`, because streaming gzip needs them, and because Ctrl-C must work while stdin is
 * idle.
 */
export function openInput(path: string): Input {
  const isStdin = path === '-'
  const name = isStdin ? 'stdin' : path
  const stats = isStdin ? undefined : statsOf(path)
  let bytesRead = 0
  let linesRead = 0
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
    onceOnly: onceOnly(stats),
    totalBytes: stats?.isFile() === true ? stats.size : undefined,
    get bytesRead() {
      return bytesRead
    },
    get linesRead() {
      return linesRead
    },
    async *chunks() {
      try {
        let last = LINE_FEED
        for await (const chunk of utf8Text(decompressed(raw(), name), name)) {
          if (chunk.length === 0) continue
          linesRead += lineFeeds(chunk)
          last = chunk[chunk.length - 1]!
          yield chunk
        }
        if (last !== LINE_FEED) linesRead++
      } catch (error) {
        if (error instanceof Failure) throw error
        throw new Failure(`${name}: reading failed: ${(error as Error).message}`, { cause: error })
      }
    },
  }
}

function lineFeeds(chunk: Buffer): number {
  let count = 0
  for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) count++
  return count
}

function statsOf(path: string): Stats {
  let stats
  try {
    stats = statSync(path)
  } catch (cause) {
    throw new Failure(`cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
  if (stats.isDirectory())
    throw new Failure(`cannot read ${path}: expected a file, got a folder; name its files`)
  return stats
}

function onceOnly(stats: Stats | undefined): string | undefined {
  if (stats === undefined) return 'stdin'
  if (stats.isFile()) return undefined
  return stats.isFIFO() || stats.isSocket() ? 'a pipe' : 'a device'
}
