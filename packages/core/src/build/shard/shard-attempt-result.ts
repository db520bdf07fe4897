import type { ShardSeal } from '../../engine/shard-seal.js'
import { decodeKey } from '../../keys/stored-bytes.js'
import {
  emptyShard,
  type ManifestShard,
  type WriterInfo,
} from '../../snapshot/manifest/manifest.js'
import type { KeyEncoding } from '../../types.js'
import type { ShardStats } from '../rows/shard-sink.js'

/**
 * The result of one attempt at a shard; the results of all shards make a snapshot.
 *
 * Shape: `url` is `undefined` for a shard without rows, whose other facts are then empty as well.
 * Source: wire-format §6, `ShardAttemptResult`.
 */
export interface ShardAttemptResult extends Omit<ManifestShard, 'seal'> {
  /** The seal of the shard; omitted if its engine did not report one. */
  readonly seal?: ShardSeal | undefined
  /** URLs of every attempt at the shard, including failed ones; empty if `url` is the only one. */
  readonly allAttemptUrls: readonly string[]
}

/** A sealed attempt, before it is converted to the form of a manifest. */
export interface SealedAttempt {
  readonly shard: number
  readonly url: string
  readonly keyEncoding: KeyEncoding
  readonly stats: ShardStats
  readonly checkpointId: string
  readonly writerInfo: WriterInfo
  readonly allAttemptUrls: readonly string[]
}

/** Makes the result of an attempt that was sealed, or had no rows to write. */
export function attemptResult(sealed: SealedAttempt): ShardAttemptResult {
  const { shard, url, stats, keyEncoding, checkpointId, writerInfo, allAttemptUrls } = sealed
  if (stats.rowCount === 0) return emptyAttempt(shard)
  return {
    id: shard,
    url,
    attempt: writerInfo.attempt,
    rowCount: stats.rowCount,
    bytes: stats.bytes,
    minKey: representable(stats.minKey, keyEncoding),
    maxKey: representable(stats.maxKey, keyEncoding),
    checkpointId,
    ...(stats.seal !== undefined && { seal: stats.seal }),
    writerInfo,
    allAttemptUrls,
  }
}

/**
 * Makes the report of a shard without rows, and so without a database: this is different from no
 * report.
 */
export function emptyAttempt(shard: number): ShardAttemptResult {
  const { seal: _, ...empty } = emptyShard(shard)
  return { ...empty, allAttemptUrls: [] }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Returns a key as a manifest can store it: integer or text; other bytes are omitted (wire-format
 * §3.5).
 */
function representable(
  key: Uint8Array | undefined,
  encoding: KeyEncoding,
): bigint | string | undefined {
  if (key === undefined) return undefined
  if (encoding === 'u64be' || encoding === 'u32be') return decodeKey(key, encoding) as bigint
  try {
    return strictUtf8.decode(key)
  } catch {
    return undefined
  }
}
