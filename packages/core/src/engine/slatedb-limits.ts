import type { EngineLimits } from './engine.js'

/** What a SlateDB entry can hold. Source: SlateDB `Db::put`. */
export const SLATEDB_LIMITS: EngineLimits = {
  minKeyBytes: 1,
  maxKeyBytes: 0xffff,
  maxValueBytes: 0xffff_ffff,
}

/** Longest value that readers read by default, and that the WebAssembly engine writes, in bytes. */
export const MAX_VALUE_BYTES = 256 * 1024 * 1024
