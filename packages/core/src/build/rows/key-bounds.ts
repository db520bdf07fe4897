import type { EntryChunk } from '../../chunk/entry-chunk.js'
import { compareBytes, copyBytes } from '../../text/bytes.js'

const WORD_BYTES = 4

/**
 * The smallest and the largest stored key of a shard, and whether its keys are ascending.
 *
 * Most keys are compared by their first eight bytes, as two numbers.
 */
export class KeyBounds {
  #min: Uint8Array | undefined
  #max: Uint8Array | undefined
  #ascending = true

  /** `undefined` without keys. */
  get min(): Uint8Array | undefined {
    return this.#min
  }

  get max(): Uint8Array | undefined {
    return this.#max
  }

  /** True while every key was greater than the one before, so that no row replaced another. */
  get ascending(): boolean {
    return this.#ascending
  }

  /** Takes the keys of the next batch. */
  add(chunk: EntryChunk): void {
    const { count, ends, data } = chunk
    if (count === 0) return
    const view = new DataView(chunk.buffer, data.byteOffset, data.byteLength)
    this.#min ??= copyBytes(chunk.key(0))
    const first = this.#max === undefined ? 1 : 0
    this.#max ??= copyBytes(chunk.key(0))
    // Places in the chunk, or -1 for a key of an earlier one: a view for each key would cost more than the rest.
    let minAt = -1
    let maxAt = -1
    let minHigh = wordOf(this.#min, 0)
    let minLow = wordOf(this.#min, WORD_BYTES)
    let maxHigh = wordOf(this.#max, 0)
    let maxLow = wordOf(this.#max, WORD_BYTES)
    let ascending = this.#ascending
    for (let i = first; i < count; i++) {
      const start = i === 0 ? 0 : ends[2 * i - 1]!
      const isLong = ends[2 * i]! - start >= 2 * WORD_BYTES
      const high = isLong ? view.getUint32(start) : wordOf(chunk.key(i), 0)
      const low = isLong ? view.getUint32(start + WORD_BYTES) : wordOf(chunk.key(i), WORD_BYTES)
      const overMax = high - maxHigh || low - maxLow
      if (
        overMax > 0 ||
        (overMax === 0 && compareBytes(chunk.key(i), this.#maxOf(chunk, maxAt)) > 0)
      ) {
        maxAt = i
        maxHigh = high
        maxLow = low
        continue
      }
      ascending = false
      const overMin = high - minHigh || low - minLow
      if (
        overMin < 0 ||
        (overMin === 0 && compareBytes(chunk.key(i), this.#minOf(chunk, minAt)) < 0)
      ) {
        minAt = i
        minHigh = high
        minLow = low
      }
    }
    // The buffer of the chunk is used again.
    if (minAt >= 0) this.#min = copyBytes(chunk.key(minAt))
    if (maxAt >= 0) this.#max = copyBytes(chunk.key(maxAt))
    this.#ascending = ascending
  }

  #minOf(chunk: EntryChunk, at: number): Uint8Array {
    return at < 0 ? this.#min! : chunk.key(at)
  }

  #maxOf(chunk: EntryChunk, at: number): Uint8Array {
    return at < 0 ? this.#max! : chunk.key(at)
  }
}

/** Four bytes from `at` as a number that orders like them; missing bytes count as zero. */
function wordOf(key: Uint8Array, at: number): number {
  return (
    (((key[at] ?? 0) << 24) |
      ((key[at + 1] ?? 0) << 16) |
      ((key[at + 2] ?? 0) << 8) |
      (key[at + 3] ?? 0)) >>>
    0
  )
}
