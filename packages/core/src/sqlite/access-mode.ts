import type { SnapshotBytes } from '../engine/engine.js'
import type { SqliteMode } from './sqlite-options.js'

const MIB = 1024 * 1024
/** A shard of this size or more is read by range. */
const LARGE_SHARD_BYTES = 16 * MIB
/** All shards of a snapshot of this size or more are read by range, also small ones. */
const LARGE_SNAPSHOT_BYTES = 2048 * MIB

/**
 * Returns true if `'auto'` reads by range: one mode for all shards of a snapshot.
 *
 * Without a snapshot the size of the shard decides. Source: wire-format §13.7.
 */
export function readsByRange(
  mode: SqliteMode,
  snapshot: SnapshotBytes | undefined,
  shardBytes: number,
): boolean {
  if (mode !== 'auto') return mode === 'range'
  const { largest, total } = snapshot ?? { largest: shardBytes, total: shardBytes }
  return largest >= LARGE_SHARD_BYTES || total >= LARGE_SNAPSHOT_BYTES
}
