import { MAX_STORED_VALUE_BYTES } from '../text/value-limits.js'
import type { EngineLimits } from '../engine/engine.js'

/** What a SlateDB entry can hold. Source: SlateDB `Db::put`. */
export const SLATEDB_LIMITS: EngineLimits = {
  minKeyBytes: 1,
  maxKeyBytes: 0xffff,
  maxValueBytes: MAX_STORED_VALUE_BYTES,
}
