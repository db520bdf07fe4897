import type { Origin } from '../async/origin.js'

/**
 * Stores the objects of snapshots by full URL, with the few operations the SDK needs.
 *
 * URLs are `<scheme>://…` exactly as written in manifests: the SDK never percent-encodes or decodes
 * them, and they contain no `?` and no `#`. There are no directories; "below" means `<url>/…`, by
 * whole segments. Errors: SHARD_STORE (with `retryable`); an aborted signal's own reason. Source:
 * wire-format §1.7.
 */
export interface ObjectStore {
  /** Scheme of the URLs it serves, such as `file`. */
  readonly scheme: string
  /**
   * Describes how another thread or process makes the same store. Without it, the store works in
   * this thread only.
   */
  readonly origin?: Origin | undefined
  /** Returns the object's bytes, or those of `range`; `undefined` if the object does not exist. */
  get(url: string, options?: GetObjectOptions): Promise<Uint8Array | undefined>
  /**
   * Fills `target` with the object's bytes from `start`, if the store can without a wait, such as from
   * a file in the page cache. Returns false if it cannot, or if the object has fewer bytes: then `get`
   * is called. Optional; a wrapper that changes `get` must remove or change it too.
   */
  readNow?(url: string, start: number, target: Uint8Array): boolean
  /** Returns size and date of the object; `undefined` if it does not exist. */
  head(url: string, options?: ObjectCallOptions): Promise<ObjectInfo | undefined>
  /**
   * Writes the whole object, atomically and durably. Resolves to false if `ifAbsent` is set and the
   * object exists.
   */
  put(url: string, bytes: Uint8Array, options?: PutObjectOptions): Promise<boolean>
  /**
   * Starts to write an object piece by piece, replacing an existing one at the end. Absent in stores
   * that only put whole objects.
   */
  upload?(url: string, options?: ObjectCallOptions): Promise<ObjectUpload>
  /** Lists every object below `url`, in ascending order of URL (by UTF-8 bytes). */
  list(url: string, options?: ObjectCallOptions): AsyncIterable<ObjectInfo>
  /**
   * Lists the immediate child "directories" of `url`, as full URLs without trailing slash,
   * ascending.
   */
  listPrefixes(url: string, options?: ObjectCallOptions): Promise<string[]>
  /** Deletes one object. Deleting an object that does not exist succeeds. */
  delete(url: string, options?: ObjectCallOptions): Promise<void>
  /** Deletes every object below `url`; resolves to their number. */
  deletePrefix(url: string, options?: DeletePrefixOptions): Promise<number>
  /**
   * Makes objects that others (engines) wrote below `url` survive a power failure. Absent if puts
   * already do.
   */
  sync?(url: string, options?: ObjectCallOptions): Promise<void>
  /** Releases connections; idempotent. */
  close?(): Promise<void>
}

/**
 * An object that is being written. Nothing is visible before `complete`, and memory stays bounded.
 *
 * Calls are sequential: await each before the next. A call that fails, and a signal that aborts, end
 * the upload and remove the bytes written so far; a failed `complete` may still have made the object
 * visible, as a failed put may. Errors: SHARD_STORE; an aborted signal's own
 * reason.
 */
export interface ObjectUpload {
  /** Appends bytes, which belong to the caller again when it resolves. */
  write(bytes: Uint8Array): Promise<void>
  /**
   * Makes the object visible, whole and durable. `head` replaces its first bytes, 1 MiB at most: the
   * first page of a file may be known last.
   */
  complete(head?: Uint8Array): Promise<void>
  /** Removes the bytes written so far. Does nothing after `complete`. */
  abort(): Promise<void>
}

/** Options of every call of a store. */
export interface ObjectCallOptions {
  /** Ends the call with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a read. */
export interface GetObjectOptions extends ObjectCallOptions {
  /** Half-open byte range `[start, end)`; clipped to the object. */
  readonly range?: { readonly start: number; readonly end: number } | undefined
}

/** Options of a write. */
export interface PutObjectOptions extends ObjectCallOptions {
  /** Media type of the object. */
  readonly contentType?: string | undefined
  /** Writes only if no object with this URL exists. */
  readonly ifAbsent?: boolean | undefined
}

/** Options of a removal of many objects. */
export interface DeletePrefixOptions extends ObjectCallOptions {
  /**
   * In stores with real directories: also removes the directories above `url` that become empty, if
   * they are below this one.
   */
  readonly within?: string | undefined
}

/** Facts of one object. */
export interface ObjectInfo {
  /** URL of the object. */
  readonly url: string
  /** Size of the object. */
  readonly bytes: number
  /** Time of the last change. */
  readonly modifiedAt: Date
  /** Changes when the content changes. */
  readonly etag?: string | undefined
}
