// What 30 ms a request need to keep a scan busy: a scan of one shard goes through 200 MB a second, several of them
// together no faster.
const ONE_SCAN_BYTES = 8 * 1024 * 1024
const ALL_SCANS_BYTES = 8 * 1024 * 1024
const LEAST_BYTES = 256 * 1024
/** Up to so many entries are had sooner without. */
const FEW_ENTRIES = 1024

/** Bytes each of several scans that are read at the same time may fetch ahead; `undefined` for the engine's own choice. */
export function aheadBytes(scans: number, limit: number | undefined): number | undefined {
  if (limit !== undefined && limit <= FEW_ENTRIES) return undefined
  return Math.max(LEAST_BYTES, Math.min(ONE_SCAN_BYTES, Math.floor(ALL_SCANS_BYTES / scans)))
}
