import * as v from 'valibot'
import { integer } from '../../options/scalars.js'
import type { CleanupProgress } from './cleanup-types.js'
import { lineageEntries, type LineageOptions } from '../history/open-lineage.js'

export interface CleanupOptions extends LineageOptions {
  /**
   * Number of newest published snapshots to keep. The current one is among them, unless a rollback made
   * an older one current, which stays too.
   */
  keepLast?: number | undefined
  /** Removes only snapshots published longer ago than this, in milliseconds. */
  olderThanMs?: number | undefined
  /** Ids of runs that are always kept, such as those that pinned readers have open. */
  keepRuns?: readonly string[] | undefined
  /** Removes data of kept runs that no manifest names: attempts that lost; true by default. */
  staleAttempts?: boolean | undefined
  /** Removes data of runs that have published nothing; true by default. */
  unfinishedRuns?: boolean | undefined
  /**
   * Data and records younger than this may be in use by an unknown writer; in milliseconds, 24
   * hours by default.
   */
  graceMs?: number | undefined
  /** Called for every run that was examined, and for every removal. */
  onProgress?: ((progress: CleanupProgress) => void) | undefined
}

const DAY_MS = 24 * 60 * 60 * 1000

export const cleanupEntries = {
  ...lineageEntries,
  keepLast: v.optional(integer(1, 'snapshots')),
  olderThanMs: v.optional(integer(0, 'milliseconds')),
  keepRuns: v.optional(
    v.array(v.string('must be a run id'), 'must be an array of run ids') as v.GenericSchema<
      readonly string[]
    >,
    [],
  ),
  staleAttempts: v.optional(v.boolean('must be true or false'), true),
  unfinishedRuns: v.optional(v.boolean('must be true or false'), true),
  graceMs: v.optional(integer(0, 'milliseconds'), DAY_MS),
  onProgress: v.optional(
    v.custom<(progress: CleanupProgress) => void>(
      (f) => typeof f === 'function',
      'must be a function',
    ),
  ),
}
export const cleanupOptionsSchema = v.strictObject(cleanupEntries)
export type ParsedCleanupOptions = v.InferOutput<typeof cleanupOptionsSchema>
