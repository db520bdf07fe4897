import { ChunkBuilder } from '../chunk/chunk-builder.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import { compareKeys } from '../chunk/merge-head.js'

/**
 * Removes repeated keys from sorted chunks: of equal keys the last one stays, also across chunks.
 *
 * Chunks without repeated keys are passed on as they are.
 */
export async function* uniqueKeys(
  chunks: AsyncIterable<EntryChunk> | Iterable<EntryChunk>,
): AsyncGenerator<EntryChunk> {
  // The next chunk may begin with its last key.
  let held: EntryChunk | undefined
  for await (const chunk of chunks) {
    if (chunk.count === 0) continue
    if (held !== undefined) {
      if (compareKeys(held, held.count - 1, chunk, 0) !== 0) yield held
      else if (held.count > 1) yield held.slice(0, held.count - 1)
    }
    held = withoutRepeats(chunk)
  }
  if (held !== undefined) yield held
}

function withoutRepeats(chunk: EntryChunk): EntryChunk {
  let i = 1
  while (i < chunk.count && compareKeys(chunk, i - 1, chunk, i) !== 0) i++
  if (i >= chunk.count) return chunk
  const builder = new ChunkBuilder()
  for (let at = 0; at < chunk.count; at++) {
    const isLast = at === chunk.count - 1 || compareKeys(chunk, at, chunk, at + 1) !== 0
    if (isLast) builder.pushRun(chunk, at, at + 1)
  }
  return builder.finish()
}
