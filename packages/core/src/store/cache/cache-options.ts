import * as v from 'valibot'
import { integer, MIB } from '../../options/scalars.js'

/** A cache of objects in local files. */
export interface CacheOptions {
  /**
   * Path of a folder on a local disk. Processes may share it, and it outlives them; it is made if it
   * does not exist.
   */
  folder: string
  /** Maximum bytes of its files; 1 GiB by default. The least recently used go first. */
  maxBytes?: number | undefined
}

export const cacheSchema = v.strictObject(
  {
    folder: v.pipe(
      v.string('must be the path of a folder'),
      v.check((path) => path !== '', 'must be the path of a folder'),
      v.check((path) => !/^[a-z]{2,}:/i.test(path), 'must be a path, not a URL'),
    ),
    maxBytes: v.optional(integer(MIB, 'bytes'), 1024 * MIB),
  },
  'must be { folder, maxBytes }',
)

/** An option of readers. */
export interface CacheOption {
  /**
   * Stores ranges of shards in local files, which processes share and which outlive them: a process
   * that starts again makes no request for what is there. For engines that read through `objects`.
   */
  cache?: CacheOptions | undefined
}

export const cacheEntries = { cache: v.optional(cacheSchema) }

/** Counts of a cache since it was opened. */
export interface CacheStats {
  /** The folder of the cache. */
  readonly folder: string
  /** Bytes that the cache may use. */
  readonly maxBytes: number
  /** Reads answered from local files, and their bytes. */
  readonly hits: number
  /** Bytes that came from the cache. */
  readonly hitBytes: number
  /** Reads that needed a request, and the bytes that were fetched. */
  readonly misses: number
  /** Bytes that came from the store. */
  readonly missBytes: number
  /** Files that were ignored and removed because their checksum was wrong. */
  readonly damaged: number
  /** Why nothing is cached at present, as text. */
  readonly problem: string | undefined
}
