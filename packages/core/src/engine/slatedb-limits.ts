import type { EngineLimits } from './engine.js'

/** What a SlateDB entry can hold. Source: SlateDB `Db::put`. */
export const SLATEDB_LIMITS: EngineLimits = {
  minKeyBytes: 1,
  maxKeyBytes: 0xffff,
  maxValueBytes: 0xffff_ffff,
}
