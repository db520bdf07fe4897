import type { ScanIterator } from './scan-iterator.js'

/** The entry a scan continues behind. */
export interface ScanPosition {
  /** Its stored key. */
  readonly key: Uint8Array
  /** Number of entries up to it, itself included. */
  readonly entries: number
  /** Shards an unordered scan had finished before it. */
  readonly passed: number
}

/** A scan that can begin again behind any entry it has given, on the snapshot it began with. */
export interface ResumableScan<T = unknown> {
  /** From the beginning, or behind `position`. */
  open(position?: ScanPosition): ScanIterator<T>
  /** Releases the snapshot; idempotent. Scans that were opened are closed separately. */
  close(): void
}

/** Names the method of readers that begins a resumable scan. It is for packages that hold many scans, not for users. */
export const resumableScan: unique symbol = Symbol('resumableScan')

/** The rest of a limit behind a position. */
export function limitBehind(
  limit: number | undefined,
  position: ScanPosition | undefined,
): number | undefined {
  return limit === undefined ? undefined : limit - (position?.entries ?? 0)
}
