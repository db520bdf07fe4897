/** One version of one object: its parts in the cache belong to no other. */
export interface CachedObject {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly bytes: number
}

export interface ByteSpan {
  readonly start: number
  readonly end: number
}

/** The local files of a cache. No call fails: a cache that does not work has nothing. */
export interface BlockCache {
  readonly damaged: number
  readonly problem: string | undefined
  /** Identifies the version of an object: `version` is its ETag or, without one, its time. */
  object(url: string, bytes: number, version: string): CachedObject
  /** Returns the bytes of a span if all are cached. */
  read(object: CachedObject, span: ByteSpan): Promise<Uint8Array | undefined>
  /**
   * Returns the blocks to fetch for a span: from the first that is missing to the last. Looks for
   * new files of other processes.
   */
  missing(object: CachedObject, span: ByteSpan): Promise<ByteSpan | undefined>
  /**
   * Stores fetched blocks, which must not change. Resolves when they can be read, from memory until
   * they are on disk.
   */
  write(object: CachedObject, start: number, bytes: Uint8Array): Promise<void>
  /** Waits for the writes in progress, with a bound. */
  close(): Promise<void>
}

/** Blocks are fetched whole, so that neighbours of a read need no request. */
export const BLOCK_BYTES = 64 * 1024
