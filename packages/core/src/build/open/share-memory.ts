import type { EngineWriterOptions } from '../../engine/engine.js'

export type WriterMemory = Required<Pick<EngineWriterOptions, 'memoryBytes' | 'sealMemoryBytes'>>

/** The part of the memory for rows; the rest is for tables on their way to storage. */
const ROWS_SHARE = 0.6

/**
 * Divides the memory of a build, in bytes: all `shards` collect rows at the same time, and up to
 * `concurrency` of them are sealed at the same time.
 */
export function shareMemory(bytes: number, shards: number, concurrency: number): WriterMemory {
  const rows = Math.floor(bytes * ROWS_SHARE)
  return {
    memoryBytes: Math.floor(rows / shards),
    sealMemoryBytes: Math.floor((bytes - rows) / Math.min(concurrency, shards)),
  }
}
