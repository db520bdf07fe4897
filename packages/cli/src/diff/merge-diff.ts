import type { EntryChunk } from '@shardyfusion/core'

/** The chunks of a scan in stored key order. */
export interface OrderedChunks {
  nextChunk(): EntryChunk | undefined
}

export interface Difference {
  readonly change: 'added' | 'removed' | 'changed'
  readonly key: Uint8Array
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array | undefined
}

/**
 * Yields the differences between two scans, in key order, and `'same'` for each unchanged key.
 *
 * Memory: one chunk per scan. The bytes of a difference are views that are valid until the next one.
 */
export function* mergeDiff(
  before: OrderedChunks,
  after: OrderedChunks,
): Generator<Difference | 'same', void, void> {
  const left = new Cursor(before)
  const right = new Cursor(after)
  for (;;) {
    const a = left.key
    const b = right.key
    if (a === undefined && b === undefined) return
    const order = a === undefined ? 1 : b === undefined ? -1 : Buffer.compare(a, b)
    if (order < 0) {
      yield { change: 'removed', key: a!, before: left.value, after: undefined }
      left.move()
    } else if (order > 0) {
      yield { change: 'added', key: b!, before: undefined, after: right.value }
      right.move()
    } else {
      const [old, now] = [left.value, right.value]
      yield Buffer.compare(old, now) === 0
        ? 'same'
        : { change: 'changed', key: a!, before: old, after: now }
      left.move()
      right.move()
    }
  }
}

/** Iterates over the entries of a scan. */
class Cursor {
  readonly #scan: OrderedChunks
  #chunk: EntryChunk | undefined
  #index = 0

  constructor(scan: OrderedChunks) {
    this.#scan = scan
    this.#chunk = scan.nextChunk()
  }

  /** The current key; `undefined` at the end. */
  get key(): Uint8Array | undefined {
    return this.#chunk?.key(this.#index)
  }

  get value(): Uint8Array {
    return this.#chunk!.value(this.#index)
  }

  move(): void {
    if (++this.#index < this.#chunk!.count) return
    this.#chunk = this.#scan.nextChunk()
    this.#index = 0
  }
}
