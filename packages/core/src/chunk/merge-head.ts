import type { EntryChunk } from './entry-chunk.js'
import type { ChunkSource } from './chunk-source.js'

const PREFIX_BYTES = 8
const WORD_MAX = 0xffff_ffff

/**
 * One of the merged sources: its current chunk and position.
 *
 * The first eight bytes of its next key are stored as two numbers, so that few comparisons read a
 * key.
 */
export class MergeHead {
  readonly source: ChunkSource
  /** Its position among the heads; breaks ties, so that the order is the same every time. */
  readonly order: number
  readonly #reverse: boolean
  chunk: EntryChunk | undefined
  index = 0
  /** Number of entries to request next. */
  request: number
  /** The following chunk, if it has been requested already. */
  ahead: Promise<EntryChunk | undefined> | undefined
  // In the order of the merge, ascending or descending; infinite if the source has ended.
  #high = Number.POSITIVE_INFINITY
  #low = 0

  constructor(source: ChunkSource, order: number, reverse: boolean, request: number) {
    this.source = source
    this.order = order
    this.#reverse = reverse
    this.request = request
  }

  /** Starts the next chunk; `undefined` ends the head. */
  begin(chunk: EntryChunk | undefined): void {
    this.chunk = chunk
    if (chunk === undefined) this.#high = Number.POSITIVE_INFINITY
    else this.moveTo(0)
  }

  /**
   * Moves to an entry of its chunk; after the last one, the head keeps its place in the order until
   * the next chunk.
   */
  moveTo(index: number): void {
    this.index = index
    if (index < this.chunk!.count) this.#look(index)
  }

  #look(index: number): void {
    const { data, ends } = this.chunk!
    const from = index === 0 ? 0 : ends[2 * index - 1]!
    const length = ends[2 * index]! - from
    let high: number
    let low: number
    if (length >= PREFIX_BYTES) {
      high = wordAt(data, from)
      low = wordAt(data, from + 4)
    } else {
      high = partOfWord(data, from, length)
      low = partOfWord(data, from + 4, length - 4)
    }
    this.#high = this.#reverse ? WORD_MAX - high : high
    this.#low = this.#reverse ? WORD_MAX - low : low
  }

  /** Returns true if its next entry comes before that of another head. */
  isBefore(other: MergeHead): boolean {
    if (this.#high !== other.#high) return this.#high < other.#high
    if (this.#low !== other.#low) return this.#low < other.#low
    if (this.chunk === undefined) return this.order < other.order
    const difference = compareKeys(this.chunk, this.index, other.chunk!, other.index)
    if (difference === 0) return this.order < other.order
    return this.#reverse ? difference > 0 : difference < 0
  }

  /**
   * Returns the index of the first entry, starting at the current one, that does not come before
   * `rival`; at most `limit`.
   */
  runEnd(rival: MergeHead, limit: number): number {
    // The current entry does. Double the step from there, then bisect the last step.
    const start = this.index
    let before = start
    let after = before + 1
    for (let step = 1; after < limit && this.#beats(rival, after); step *= 2) {
      before = after
      after += step
    }
    after = Math.min(after, limit)
    while (after - before > 1) {
      const middle = (before + after) >>> 1
      if (this.#beats(rival, middle)) before = middle
      else after = middle
    }
    this.moveTo(start)
    return after
  }

  #beats(rival: MergeHead, index: number): boolean {
    this.moveTo(index)
    return this.isBefore(rival)
  }
}

/** Compares two keys as unsigned bytes, without creating views. */
export function compareKeys(a: EntryChunk, i: number, b: EntryChunk, j: number): number {
  const fromA = i === 0 ? 0 : a.ends[2 * i - 1]!
  const fromB = j === 0 ? 0 : b.ends[2 * j - 1]!
  const lengthA = a.ends[2 * i]! - fromA
  const lengthB = b.ends[2 * j]! - fromB
  const shared = Math.min(lengthA, lengthB)
  for (let at = 0; at < shared; at++) {
    const difference = a.data[fromA + at]! - b.data[fromB + at]!
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}

function wordAt(data: Uint8Array, at: number): number {
  return ((data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!) >>> 0
}

/** The same for the rest of a short key, padded with zeros. */
function partOfWord(data: Uint8Array, at: number, length: number): number {
  let word = 0
  for (let i = 0; i < 4; i++) word = word * 256 + (i < length ? data[at + i]! : 0)
  return word
}
