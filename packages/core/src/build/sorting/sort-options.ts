import * as v from 'valibot'
import { integer, MIB } from '../../options/scalars.js'

/** Options for sorting rows. */
export interface SortOptions {
  /**
   * Bytes of rows in memory before some are spilled to disk, over all shards of a thread; 256 MiB
   * by default.
   */
  memoryBytes?: number | undefined
  /**
   * Folder for sorted rows that do not fit into memory; the system's folder for temporary files by
   * default.
   */
  folder?: string | undefined
}

const SORT_MEMORY_BYTES = 256 * MIB

export const sortSchema = v.optional(
  v.union(
    [
      v.pipe(
        v.boolean(),
        v.transform((on) =>
          on ? { memoryBytes: SORT_MEMORY_BYTES, folder: undefined } : undefined,
        ),
      ),
      v.strictObject({
        memoryBytes: v.optional(integer(MIB, 'bytes'), SORT_MEMORY_BYTES),
        folder: v.optional(v.string()),
      }),
    ],
    'must be true, or { memoryBytes, folder } with a whole number of bytes (1 MiB or more) and a path',
  ),
)
