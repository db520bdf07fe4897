/** A value or a promise. A value saves the engine a turn of the event loop. */
export type Awaitable<T> = T | PromiseLike<T>

// #region object-store
/**
 * The storage of one database: callbacks on any store of objects by path.
 *
 * Paths are relative to the database and hold ASCII letters, digits, `-`, `_`, `.` and `/` only. An
 * error of a callback reaches the caller as the `cause` of a `SlateDbError` of kind `Unavailable`.
 */
export interface ObjectStore {
  /** Bytes from `start` up to `end`, without it to the last, clipped to the object; `undefined` when there is none. */
  get(path: string, start: number, end?: number): Awaitable<Uint8Array | undefined>
  /** Called when the engine has copied what `get` has returned, whose buffer the store may use again. Optional. */
  release?(bytes: Uint8Array): void
  /**
   * Fills `target` with the bytes from `start`, if the store can without waiting, such as from memory or from a file in
   * the page cache; returns false if it cannot, or if the object has fewer bytes. Optional: lookups of one key then take
   * no promise, and scans copy less. It is asked for up to 1 MiB at a time. The store must not keep `target`, nor call the
   * engine.
   */
  readNow?(path: string, start: number, target: Uint8Array): boolean
  /** Size of the object; `undefined` when there is none. */
  head(path: string): Awaitable<ObjectInfo | undefined>
  /**
   * Stores the whole object, atomically; resolves to false if `ifAbsent` found one there.
   *
   * The bytes belong to the store. `ifAbsent` must be honest: it is what keeps two writers apart.
   */
  put(path: string, bytes: Uint8Array, ifAbsent: boolean): Awaitable<boolean>
  /**
   * Starts to store an object in pieces, replacing one that is there. Optional, for stores of which this is no more work
   * than a `put`, such as a file system: `SlateDbTableWriter` and `SlateDbTableUpdate` then store a table while they
   * encode it, in little memory.
   */
  upload?(path: string): Awaitable<ObjectUpload>
  /** All objects below `<prefix>/`, or all of the database for the empty prefix, in any order. */
  list(prefix: string): Awaitable<Iterable<ListedObject>> | AsyncIterable<ListedObject>
  /** Deletes the object; a missing object is not an error. */
  delete(path: string): Awaitable<void>
}
// #endregion

/** An object that is stored in pieces. It does not exist before `complete`. */
export interface ObjectUpload {
  /** Adds 1 MiB, the last time less, in a buffer that is used again when the call has ended; no other call begins before. */
  write(bytes: Uint8Array): Awaitable<void>
  /** Makes the object visible, whole. */
  complete(): Awaitable<void>
  /** Removes the bytes written so far; also called during `write`, and after one that has failed. */
  abort(): Awaitable<void>
}

/** Facts of one object. */
export interface ObjectInfo {
  /** In bytes. */
  readonly size: number
  /** Time of the last change. */
  readonly modifiedAt?: Date | undefined
}

/** An object of a list. */
export interface ListedObject extends ObjectInfo {
  /** Path of the object, from the root of the store. */
  readonly path: string
}
