// Enough to keep a scan busy at 30 ms per request, in requests of some MiB: object stores charge for
// each.
const ONE_SCAN_BYTES = 16 * 1024 * 1024
const ALL_SCANS_BYTES = 48 * 1024 * 1024
const LEAST_BYTES = 256 * 1024
/** Up to this many entries arrive sooner without read-ahead. */
const FEW_ENTRIES = 1024
/** Up to this size, a snapshot that was scanned may stay in memory. */
const SMALL_BYTES = 32 * 1024 * 1024

/**
 * Returns the bytes that each of several concurrent scans may fetch ahead; `undefined` leaves it to
 * the engine.
 */
export function aheadBytes(scans: number, limit: number | undefined): number | undefined {
  if (limit !== undefined && limit <= FEW_ENTRIES) return undefined
  return Math.max(LEAST_BYTES, Math.min(ONE_SCAN_BYTES, Math.floor(ALL_SCANS_BYTES / scans)))
}

/** Returns true if scanned data of this size may stay in memory: more would only pass through it. */
export function isKept(bytes: number): boolean {
  return bytes <= SMALL_BYTES
}
