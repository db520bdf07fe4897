import type { KeyEncoding, ShardingSpec } from '../../types.js'

/** The one manifest version this SDK writes and reads (wire-format §3.8). */
export const MANIFEST_FORMAT_VERSION = 4

/** Content type of manifest objects, also named in `_CURRENT`. */
export const MANIFEST_CONTENT_TYPE = 'application/x-sqlite3'

/**
 * One published snapshot: how keys are distributed, and where each shard is.
 *
 * Source: wire-format §3.
 */
export interface Manifest {
  /** Id of the run. */
  readonly runId: string
  /** Time at which the manifest was built, as the text stored in it; `parseTimestamp` reads it. */
  readonly createdAt: string
  /** Number of shards, including empty ones. */
  readonly shards: number
  /** The writer's prefix, verbatim: a trailing slash survives, and copies do not change it. */
  readonly prefix: string
  /** Name of the key column in the source data; informational. */
  readonly keyColumn: string
  /** How rows are assigned to shards. */
  readonly sharding: ShardingSpec
  /** Template of the folder of a shard. */
  readonly dbPathTemplate: string
  /** Folder of all shards, below the prefix. */
  readonly shardPrefix: string
  /** Version of the format of manifests. */
  readonly formatVersion: 4
  /** How keys are stored. */
  readonly keyEncoding: KeyEncoding
  /** Storage format of shards, such as `slatedb`; omitted if the writer did not record it. */
  readonly shardFormat?: string | undefined
  /** Name of the codec of values, such as `json`; omitted if the writer did not record it. */
  readonly valueCodec?: string | undefined
  /** The publisher's own fields: JSON data, integers beyond 2^53 as bigint. */
  readonly custom: Readonly<Record<string, unknown>>
  /** One per shard, in order of id; entries without data are synthesised. */
  readonly entries: readonly ManifestShard[]
}

/** One shard of a snapshot, and the attempt that won it (wire-format §3.3). */
export interface ManifestShard {
  /** Number of the shard. */
  readonly id: number
  /** Root of the shard, without a trailing slash; `undefined` for a shard without data. */
  readonly url: string | undefined
  /** Number of the attempt that was published. */
  readonly attempt: number
  /** Rows written, including overwritten duplicates. */
  readonly rowCount: number
  /** Bytes in storage; 0 if the engine does not know. */
  readonly bytes: number
  /**
   * Smallest and largest key as the caller passed them; `undefined` if unknown or not text.
   * Informational.
   */
  readonly minKey: bigint | string | undefined
  /** Largest key, if it is known. */
  readonly maxKey: bigint | string | undefined
  /** Opaque id of the sealed shard (wire-format §1.3). */
  readonly checkpointId: string | undefined
  /**
   * The contents of the shard as `encodeSeal` writes them; omitted if the writer did not record
   * them.
   */
  readonly seal?: string | undefined
  /** Facts of the writer of the shard. */
  readonly writerInfo: WriterInfo
}

/** The writer of a shard; distributed writers set the two ids. */
export interface WriterInfo {
  /** Number of the attempt. */
  readonly attempt: number
  /** Milliseconds it took. */
  readonly durationMs: number
  /** Stage of Spark. */
  readonly stageId?: number
  /** Task attempt of the cluster. */
  readonly taskAttemptId?: number
}

const NO_WRITER: WriterInfo = Object.freeze({ attempt: 0, durationMs: 0 })

/** Returns the entry of a shard without data: manifests omit its row. */
export function emptyShard(id: number): ManifestShard {
  return {
    id,
    url: undefined,
    attempt: 0,
    rowCount: 0,
    bytes: 0,
    minKey: undefined,
    maxKey: undefined,
    checkpointId: undefined,
    writerInfo: NO_WRITER,
  }
}

/** Returns the sizes of all shards, in bytes. */
export function snapshotBytesOf({ entries }: Manifest): {
  readonly largest: number
  readonly total: number
} {
  let largest = 0
  let total = 0
  for (const { bytes } of entries) {
    largest = Math.max(largest, bytes)
    total += bytes
  }
  return { largest, total }
}
