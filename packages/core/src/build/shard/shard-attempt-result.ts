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
 * The result of one attempt at a shard; the attempts at all shards make a snapshot.
 *
 * Shape: `url` is `undefined` for a shard without rows, whose other facts are then empty as well.
 * Source: wire-format §6, `ShardAttemptResult`.
 */
export interface ShardAttemptResult extends Omit<ManifestShard, 'seal'> {
  /** The objects of the shard; `undefined` if its engine does not report them. */
  readonly seal?: ShardSeal | undefined
  /** URLs of every attempt at the shard, those that failed included; empty when `url` is all there is. */
  readonly allAttemptUrls: readonly string[]
}

/** A sealed attempt, before it is put in the words of a manifest. */
export interface SealedAttempt {
  readonly shard: number
  readonly url: string
  readonly keyEncoding: KeyEncoding
  readonly stats: ShardStats
  readonly checkpointId: string
  readonly writerInfo: WriterInfo
  readonly allAttemptUrls: readonly string[]
}

/** The result of an attempt that was sealed, or had no rows to write. */
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

/** The report of a shard that has no rows, and so no database: not the same as no report. */
export function emptyAttempt(shard: number): ShardAttemptResult {
  const { seal: _, ...empty } = emptyShard(shard)
  return { ...empty, allAttemptUrls: [] }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A key as a manifest can hold it: integer or text; other bytes are left out (wire-format §3.5). */
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
