import { createReadStream, statSync, type Stats } from 'node:fs'
import type { Readable } from 'node:stream'
import { Failure } from '../util/usage-error.js'
import { decompressed } from './decompressed.js'
import { utf8Text } from './utf8-text.js'

/** Bytes asked of a file at a time. */
const READ_BYTES = 256 * 1024
const LINE_FEED = 10

/** One input: its text, decompressed and in UTF-8, and how far it has been read. */
export interface Input {
  /** Path of the file, or `stdin`. */
  readonly name: string
  /** Set for what can be read only once: `stdin`, `a pipe`, `a device`. */
  readonly onceOnly: string | undefined
  /** Bytes of the file, or `undefined` when that is not known. */
  readonly totalBytes: number | undefined
  /** Bytes read from it so far, before decompression. */
  readonly bytesRead: number
  /** Lines that have come out so far; a last one without a line end counts when the input has ended. */
  readonly linesRead: number
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
        throw new Failure(`${name}: reading stopped: ${(error as Error).message}`, { cause: error })
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
  if (stats.isDirectory()) throw new Failure(`cannot read ${path}: it is a folder; name its files`)
  return stats
}

function onceOnly(stats: Stats | undefined): string | undefined {
  if (stats === undefined) return 'stdin'
  if (stats.isFile()) return undefined
  return stats.isFIFO() || stats.isSocket() ? 'a pipe' : 'a device'
}
