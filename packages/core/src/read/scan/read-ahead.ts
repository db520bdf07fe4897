// Enough to keep a scan busy at 30 ms per request, in requests of some MiB: object stores charge for
// each.
const ONE_SCAN_BYTES = 16 * 1024 * 1024
const ALL_SCANS_BYTES = 64 * 1024 * 1024
const LEAST_BYTES = 256 * 1024
/** The bytes ahead of one scan are at most one of these parts of the table; a request is half of that. */
const AHEAD_PARTS = 128
/** Up to this many entries arrive sooner without read-ahead. */
const FEW_ENTRIES = 1024
/** Up to this size, a snapshot that was scanned may stay in memory. */
const SMALL_BYTES = 32 * 1024 * 1024

/**
 * Returns the bytes that each of several concurrent scans may fetch ahead, of `totalBytes` in all;
 * `undefined` leaves it to the engine.
 *
 * A scan of everything takes some hundred requests, so that a small table needs little memory.
 */
export function aheadBytes(
  scans: number,
  limit: number | undefined,
  totalBytes = Number.POSITIVE_INFINITY,
): number | undefined {
  if (limit !== undefined && limit <= FEW_ENTRIES) return undefined
  if (scans === 1) return ONE_SCAN_BYTES
  const share = Math.floor(Math.min(ALL_SCANS_BYTES / scans, totalBytes / AHEAD_PARTS))
  return Math.max(LEAST_BYTES, share)
}

/** Returns true if scanned data of this size may stay in memory: more would only pass through it. */
export function isKept(bytes: number): boolean {
  return bytes <= SMALL_BYTES
}
