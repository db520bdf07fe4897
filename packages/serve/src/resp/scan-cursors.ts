/** The next key of a scan that a client has not finished. */
interface Position {
  readonly database: number
  readonly key: Uint8Array
}

const MAX_CURSORS = 10_000
const MAX_BYTES = 16 * 1024 * 1024
/** Bytes of an entry next to its key. */
const OVERHEAD_BYTES = 200

/**
 * Positions of `SCAN` for keys that a cursor, an integer of 64 bits, cannot hold; the least recent
 * are forgotten first.
 *
 * A position is a key and holds no snapshot open, so a scan that a publication overtakes returns
 * every key that both snapshots have, as Redis promises.
 */
export class ScanCursors {
  readonly #positions = new Map<number, Position>()
  #next = 1 + Math.floor(Math.random() * 2 ** 31)
  #bytes = 0

  /** Returns a cursor for a position. */
  add(database: number, key: Uint8Array): number {
    const cursor = this.#next++
    const own = new Uint8Array(key)
    this.#positions.set(cursor, { database, key: own })
    this.#bytes += own.length + OVERHEAD_BYTES
    for (const [oldest, position] of this.#positions) {
      if (this.#positions.size <= MAX_CURSORS && this.#bytes <= MAX_BYTES) break
      this.#positions.delete(oldest)
      this.#bytes -= position.key.length + OVERHEAD_BYTES
    }
    return cursor
  }

  /** Returns the key of a cursor; `undefined` if it is unknown. A client may use a cursor again. */
  find(database: number, cursor: number): Uint8Array | undefined {
    const position = this.#positions.get(cursor)
    return position?.database === database ? position.key : undefined
  }
}
