import type { ScanIterator } from './scan-iterator.js'

/** The entry after which a scan continues. */
export interface ScanPosition {
  /** Its stored key. */
  readonly key: Uint8Array
  /** Number of entries up to and including it. */
  readonly entries: number
  /** Number of shards that an unordered scan had finished before it. */
  readonly passed: number
}

/** A scan that can restart after any entry it has returned, on its original snapshot. */
export interface ResumableScan<T = unknown> {
  /** Opens the scan at the start, or after `position`. */
  open(position?: ScanPosition): ScanIterator<T>
  /** Releases the snapshot; idempotent. Opened scans are closed separately. */
  close(): void
}

/**
 * The method of readers that starts a resumable scan; for packages that hold many scans, not for
 * users.
 */
export const resumableScan: unique symbol = Symbol('resumableScan')

/** Returns the rest of a limit after a position. */
export function limitBehind(
  limit: number | undefined,
  position: ScanPosition | undefined,
): number | undefined {
  return limit === undefined ? undefined : limit - (position?.entries ?? 0)
}
