import type {
  ShardReader,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
  writeSnapshot,
} from '@shardyfusion/core'

/** The classes under contract; the sync facade is put behind the same shape. */
export interface Api {
  readonly ShardReader: typeof ShardReader
  readonly ShardWriter: typeof ShardWriter
  readonly SnapshotReader: typeof SnapshotReader
  readonly SnapshotWriter: typeof SnapshotWriter
  readonly writeSnapshot: typeof writeSnapshot
}
