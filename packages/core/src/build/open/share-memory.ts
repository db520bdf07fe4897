import type { EngineWriterOptions } from '../../engine/engine.js'

export type WriterMemory = Required<Pick<EngineWriterOptions, 'memoryBytes' | 'sealMemoryBytes'>>

/** The part of the memory for rows. */
const ROWS_SHARE = 0.6
/** The part for tables on their way to storage; the rest is for batches and what is not freed yet. */
const TABLES_SHARE = 0.3
/** Shards that are sealed at the same time; more if they are small. */
const SEALED_TOGETHER = 4

/**
 * Divides the memory of a build, in bytes: all `shards` collect rows at the same time, and a few of
 * them are sealed at the same time.
 */
export function shareMemory(bytes: number, shards: number): WriterMemory {
  return {
    memoryBytes: Math.floor((bytes * ROWS_SHARE) / shards),
    sealMemoryBytes: Math.floor((bytes * TABLES_SHARE) / Math.min(SEALED_TOGETHER, shards)),
  }
}
