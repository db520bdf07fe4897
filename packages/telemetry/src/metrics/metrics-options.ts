import * as v from 'valibot'
import { integer, safeUrl } from '@shardyfusion/core/internal'

/** Options of every exporter of metrics. */
export interface MetricsOptions {
  /**
   * Returns the label of a prefix, for example a shorter one; by default the prefix without user info
   * and query.
   */
  prefixLabel?: ((prefix: string) => string) | undefined
  /** Maximum number of different labels; further prefixes share `other`. 100 by default. */
  maxPrefixes?: number | undefined
}

export const metricsEntries = {
  prefixLabel: v.optional(
    v.custom<(prefix: string) => string>(
      (value) => typeof value === 'function',
      'must be a function',
    ),
    () => safeUrl,
  ),
  maxPrefixes: v.optional(integer(1, 'prefixes'), 100),
}
