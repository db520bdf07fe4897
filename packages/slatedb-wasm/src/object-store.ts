/** A value now or later; what comes at once spares the engine a turn of the event loop. */
export type Awaitable<T> = T | PromiseLike<T>

/**
 * Where one database lies: a few callbacks over anything that keeps objects by path.
 *
 * Paths are relative to the database and hold ASCII letters, digits, `-`, `_`, `.` and `/` only. What a
 * callback throws reaches the caller as the `cause` of a `SlateDbError` of kind `Unavailable`.
 */
export interface ObjectStore {
  /** Bytes from `start` up to `end`, without it to the last, clipped to the object; `undefined` when there is none. */
  get(path: string, start: number, end?: number): Awaitable<Uint8Array | undefined>
  /** Size of the object; `undefined` when there is none. */
  head(path: string): Awaitable<ObjectInfo | undefined>
  /**
   * Stores the whole object, atomically; resolves to false if `ifAbsent` found one there.
   *
   * The bytes belong to the store. `ifAbsent` must be honest: it is what keeps two writers apart.
   */
  put(path: string, bytes: Uint8Array, ifAbsent: boolean): Awaitable<boolean>
  /** All objects below `<prefix>/`, or all of the database for the empty prefix, in any order. */
  list(prefix: string): Awaitable<Iterable<ListedObject>> | AsyncIterable<ListedObject>
  /** Deletes the object; that there is none is no error. */
  delete(path: string): Awaitable<void>
}

export interface ObjectInfo {
  /** In bytes. */
  readonly size: number
  readonly modifiedAt?: Date | undefined
}

export interface ListedObject extends ObjectInfo {
  readonly path: string
}
