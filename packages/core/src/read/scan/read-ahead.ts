// Enough to keep a scan busy at 30 ms per request: a scan of one shard reads 200 MB a second, and
// several together are not faster.
const ONE_SCAN_BYTES = 8 * 1024 * 1024
const ALL_SCANS_BYTES = 8 * 1024 * 1024
const LEAST_BYTES = 256 * 1024
/** Up to this many entries arrive sooner without read-ahead. */
const FEW_ENTRIES = 1024

/**
 * Returns the bytes that each of several concurrent scans may fetch ahead; `undefined` leaves it to
 * the engine.
 */
export function aheadBytes(scans: number, limit: number | undefined): number | undefined {
  if (limit !== undefined && limit <= FEW_ENTRIES) return undefined
  return Math.max(LEAST_BYTES, Math.min(ONE_SCAN_BYTES, Math.floor(ALL_SCANS_BYTES / scans)))
}
