import { MAX_STORED_VALUE_BYTES } from '../text/value-limits.js'
import type { EngineLimits } from '../engine/engine.js'

/** Limits of a SlateDB entry. Source: SlateDB `Db::put`. */
export const SLATEDB_LIMITS: EngineLimits = {
  minKeyBytes: 1,
  maxKeyBytes: 0xffff,
  maxValueBytes: MAX_STORED_VALUE_BYTES,
}
