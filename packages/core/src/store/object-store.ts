import type { Origin } from '../async/origin.js'

/**
 * Where snapshots lie: objects by full URL, with the few operations the SDK needs.
 *
 * URLs are `<scheme>://…` exactly as they stand in manifests: never percent-encoded or decoded by the
 * SDK, no `?`, no `#`. Directories do not exist by themselves; "below" means `<url>/…`, by whole segments.
 * Errors: SHARD_STORE (with `retryable`); an aborted signal's own reason.
 * Source: wire-format §1.7.
 */
export interface ObjectStore {
  /** Scheme of the URLs it serves, such as `file`. */
  readonly scheme: string
  /** How another thread or process makes the same store; without it, it works in this thread only. */
  readonly origin?: Origin | undefined
  /** The object's bytes, or those of `range`; `undefined` when there is no such object. */
  get(url: string, options?: GetObjectOptions): Promise<Uint8Array | undefined>
  /** Size and date of the object; `undefined` when there is none. */
  head(url: string, options?: ObjectCallOptions): Promise<ObjectInfo | undefined>
  /** Writes the whole object, atomically and durably. Resolves to false if `ifAbsent` found one there. */
  put(url: string, bytes: Uint8Array, options?: PutObjectOptions): Promise<boolean>
  /** Every object below `url`, in ascending order of URL (by UTF-8 bytes). */
  list(url: string, options?: ObjectCallOptions): AsyncIterable<ObjectInfo>
  /** The immediate child "directories" of `url`, as full URLs without trailing slash, ascending. */
  listPrefixes(url: string, options?: ObjectCallOptions): Promise<string[]>
  /** Deletes one object; deleting what is not there is no error. */
  delete(url: string, options?: ObjectCallOptions): Promise<void>
  /** Deletes every object below `url`; resolves to their number. */
  deletePrefix(url: string, options?: DeletePrefixOptions): Promise<number>
  /** Makes objects that others (engines) wrote below `url` survive a power failure; absent where puts already do. */
  sync?(url: string, options?: ObjectCallOptions): Promise<void>
  /** Releases connections; idempotent. */
  close?(): Promise<void>
}

export interface ObjectCallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface GetObjectOptions extends ObjectCallOptions {
  /** Half-open byte range `[start, end)`; clipped to the object. */
  readonly range?: { readonly start: number; readonly end: number } | undefined
}

export interface PutObjectOptions extends ObjectCallOptions {
  readonly contentType?: string | undefined
  /** Write only if no object of this URL exists. */
  readonly ifAbsent?: boolean | undefined
}

export interface DeletePrefixOptions extends ObjectCallOptions {
  /** Where directories exist by themselves: those above `url` that this empties go too, if they lie below this one. */
  readonly within?: string | undefined
}

export interface ObjectInfo {
  readonly url: string
  readonly bytes: number
  readonly modifiedAt: Date
  readonly etag?: string | undefined
}
