import * as v from 'valibot'
import { integer } from '../options/scalars.js'

/** How a reader reaches the file of a shard. */
export type SqliteMode = 'auto' | 'download' | 'range'

/** Bytes of a page, or `'auto'`: chosen for the rows of each shard. */
export type SqlitePageSize = 512 | 1024 | 2048 | 4096 | 8192 | 16384 | 32768 | 65536 | 'auto'

/** Options of `sqlite()`. */
export interface SqliteOptions {
  /**
   * `'download'` takes the file of a shard into memory when the shard opens; `'range'` reads the
   * pages that a call needs. `'auto'`, the default, is `'range'` if a shard of the snapshot has 16
   * MiB or more, or all of them 2 GiB or more.
   */
  mode?: SqliteMode | undefined
  /**
   * Bytes of a page of new shards. Rows larger than a quarter of a page take overflow pages, which
   * cost space and a round trip. `'auto'` is the smallest page of 4096 bytes or more that holds the longest key with the value
   * of the 95th percentile, or the largest if none does. The default is the same, but 4096 if none
   * does: overflow pages of large ones would waste more space.
   */
  pageSize?: SqlitePageSize | undefined
  /**
   * Bytes of cached pages for `'range'`; 64 MiB by default. One cache serves all readers of a
   * thread, and the last value applies to all of them.
   */
  cacheBytes?: number | undefined
}

const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 'auto'] as const

export const sqliteOptionsSchema = v.strictObject({
  mode: v.optional(
    v.picklist(['auto', 'download', 'range'], "must be 'auto', 'download' or 'range'"),
    'auto',
  ),
  pageSize: v.optional(
    v.picklist(PAGE_SIZES, "must be a power of two from 512 to 65536 (bytes), or 'auto'"),
  ),
  cacheBytes: v.optional(integer(0, 'bytes')),
})

/** The options of an engine, with defaults. */
export type SqliteSettings = v.InferOutput<typeof sqliteOptionsSchema>
