import { ChunkBuilder } from '../chunk/chunk-builder.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'

/**
 * Passes on sorted chunks without repeated keys: of equal keys the last one stays, also across
 * chunks.
 *
 * Chunks without repeated keys are passed on as they are.
 */
export class LastOfEqualKeys {
  readonly #next: (chunk: EntryChunk) => Promise<void>
  /** The last chunk: the next one may begin with its last key. */
  #held: EntryChunk | undefined

  constructor(next: (chunk: EntryChunk) => Promise<void>) {
    this.#next = next
  }

  async write(chunk: EntryChunk): Promise<void> {
    if (chunk.count === 0) return
    const held = this.#held
    this.#held = withoutRepeats(chunk)
    if (held === undefined) return
    const isRepeated = sameKey(held, held.count - 1, chunk, 0)
    if (!isRepeated) await this.#next(held)
    else if (held.count > 1) await this.#next(held.slice(0, held.count - 1))
  }

  /** Passes on the last chunk. */
  async finish(): Promise<void> {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) await this.#next(held)
  }
}

function withoutRepeats(chunk: EntryChunk): EntryChunk {
  let i = 1
  while (i < chunk.count && !sameKey(chunk, i - 1, chunk, i)) i++
  if (i >= chunk.count) return chunk
  const builder = new ChunkBuilder()
  for (let at = 0; at < chunk.count; at++) {
    const isLast = at === chunk.count - 1 || !sameKey(chunk, at, chunk, at + 1)
    if (isLast) builder.pushRun(chunk, at, at + 1)
  }
  return builder.finish()
}

function sameKey(a: EntryChunk, i: number, b: EntryChunk, j: number): boolean {
  const startA = i === 0 ? 0 : a.ends[2 * i - 1]!
  const startB = j === 0 ? 0 : b.ends[2 * j - 1]!
  const length = a.ends[2 * i]! - startA
  if (b.ends[2 * j]! - startB !== length) return false
  // From the end: neighbours in key order differ there.
  for (let at = length - 1; at >= 0; at--) {
    if (a.data[startA + at] !== b.data[startB + at]) return false
  }
  return true
}
