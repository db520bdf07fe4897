import type { KeyEncoding, ShardingSpec } from '../../types.js'

/** The one manifest version this SDK writes and reads (wire-format §3.8). */
export const MANIFEST_FORMAT_VERSION = 4

/** Content type of manifest objects, also named in `_CURRENT`. */
export const MANIFEST_CONTENT_TYPE = 'application/x-sqlite3'

/**
 * One published snapshot: how keys are spread, and where each shard lies.
 *
 * Source: wire-format §3.
 */
export interface Manifest {
  readonly runId: string
  /** When the manifest was built, as the text stored in it; `parseTimestamp` reads it. */
  readonly createdAt: string
  /** Number of shards, empty ones included. */
  readonly shards: number
  /** The prefix as the writer had it, verbatim: a trailing slash survives, and copies do not change it. */
  readonly prefix: string
  /** Name of the key column in the source data; informational. */
  readonly keyColumn: string
  readonly sharding: ShardingSpec
  readonly dbPathTemplate: string
  readonly shardPrefix: string
  readonly formatVersion: typeof MANIFEST_FORMAT_VERSION
  readonly keyEncoding: KeyEncoding
  /** How shards are stored, such as `slatedb`; left out if the writer did not say. */
  readonly shardFormat?: string | undefined
  /** The publisher's own fields: JSON data, integers beyond 2^53 as bigint. */
  readonly custom: Readonly<Record<string, unknown>>
  /** One per shard, in order of id; those without data are synthesised. */
  readonly entries: readonly ManifestShard[]
}

/** One shard of a snapshot, and the attempt that won it (wire-format §3.3). */
export interface ManifestShard {
  readonly id: number
  /** Root of the shard, without a trailing slash; `undefined` for a shard without data. */
  readonly url: string | undefined
  readonly attempt: number
  /** Rows written, overwritten duplicates included. */
  readonly rowCount: number
  /** Bytes in storage; 0 when the engine could not tell. */
  readonly bytes: number
  /** Smallest and largest key as the caller gave them; `undefined` when unknown or not text. Informational. */
  readonly minKey: bigint | string | undefined
  readonly maxKey: bigint | string | undefined
  /** Opaque id of the sealed shard (wire-format §1.3). */
  readonly checkpointId: string | undefined
  /** What the shard consists of, in the words of `encodeSeal`; left out if the writer did not say. */
  readonly seal?: string | undefined
  readonly writerInfo: WriterInfo
}

/** Who wrote a shard; the two ids are those of distributed writers. */
export interface WriterInfo {
  readonly attempt: number
  readonly durationMs: number
  readonly stageId?: number
  readonly taskAttemptId?: number
}

const NO_WRITER: WriterInfo = Object.freeze({ attempt: 0, durationMs: 0 })

/** The entry of a shard that has no data: manifests leave its row out. */
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
