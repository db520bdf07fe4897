import type { ShardStats } from './rows/shard-sink.js'

/** A sealed shard, as a manifest describes it. */
export interface SealedShard extends ShardStats {
  /** The opaque id stamped when the shard was sealed (32 hexadecimal digits). */
  readonly checkpointId: string
}
