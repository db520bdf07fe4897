import type { SignalOption } from '../../options/call-options.js'
import type { RoutingContext } from '../../types.js'

/** Per-call options of point lookups. */
export interface ReadOptions extends SignalOption {
  /** Column values for snapshots sharded by a CEL expression over columns other than the key. */
  context?: RoutingContext | undefined
}
