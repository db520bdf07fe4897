import { openInput } from '../input/open-input.js'
import { UsageError } from '../util/usage-error.js'

const LINE_FEED = 10

/**
 * Lines of all inputs, which is at least the number of their rows: reads them once, for `--max-keys-per-shard`.
 *
 * Errors: UsageError for stdin, which cannot be read twice.
 */
export async function countRows(paths: readonly string[]): Promise<number> {
  if (paths.includes('-'))
    throw new UsageError('build: stdin cannot be counted first; pass --expected-rows, or --shards')
  let rows = 0
  for (const path of paths) {
    let last = LINE_FEED
    for await (const chunk of openInput(path).chunks()) {
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) rows++
      last = chunk[chunk.length - 1] ?? last
    }
    if (last !== LINE_FEED) rows++
  }
  return rows
}
