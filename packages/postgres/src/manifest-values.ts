import {
  decodeManifestRecord,
  encodeManifestRecord,
  type Manifest,
  ShardyfusionError,
} from '@shardyfusion/core/extend'
import { moveTextKeys, restoreTextKeys } from './text-key-ranges.js'

const MAX_INTEGER = 2 ** 31 - 1

/** Parameters of a build, and of all its shards as one array per column. */
export interface ManifestValues {
  readonly build: readonly unknown[]
  readonly shards: readonly (readonly unknown[])[]
}

/**
 * Encodes a manifest as parameters of the statements.
 *
 * Errors: SHARD_MANIFEST for one that these tables cannot store: a shard of more than 2^31 - 1 rows,
 * or U+0000 in a text.
 */
export function valuesOf(manifest: Manifest, where: string): ManifestValues {
  const { buildMeta: b, shards } = encodeManifestRecord(moveTextKeys(manifest), where)
  for (const { id, rowCount } of manifest.entries) {
    if (rowCount <= MAX_INTEGER) continue
    throw unstorable(
      where,
      `shard ${id} must have at most ${MAX_INTEGER} rows (32-bit column row_count), got ${rowCount}; use more shards`,
    )
  }
  for (const [column, cell] of Object.entries(b)) {
    if (typeof cell !== 'string' || !/\0|\\u0000/.test(cell)) continue
    throw unstorable(where, `${column} must not contain U+0000, which PostgreSQL cannot store`)
  }
  return {
    build: [
      b.run_id,
      b.created_at,
      b.num_dbs,
      b.s3_prefix,
      b.key_col,
      b.sharding,
      b.db_path_template,
      b.shard_prefix,
      b.key_encoding,
      b.custom,
    ],
    shards: [
      shards.map((s) => s.db_id),
      shards.map((s) => s.db_url),
      shards.map((s) => s.attempt),
      shards.map((s) => s.row_count),
      shards.map((s) => s.db_bytes),
      shards.map((s) => s.min_key),
      shards.map((s) => s.max_key),
      shards.map((s) => s.checkpoint_id),
      shards.map((s) => s.writer_info),
    ],
  }
}

/** Decodes the row of the statement `load`. Errors: SHARD_MANIFEST naming table, column and shard. */
export function manifestOfRow(row: Readonly<Record<string, unknown>>, where: string): Manifest {
  const cells = row as Readonly<Record<string, string | number | null>>
  const rows = JSON.parse(row['shards'] as string) as (string | number | null)[][]
  const shards = rows.map(([id, url, attempt, rowCount, bytes, min, max, checkpoint, info]) => ({
    db_id: id ?? null,
    db_url: url ?? null,
    attempt: attempt ?? null,
    row_count: rowCount ?? null,
    db_bytes: Number(bytes),
    min_key: min ?? null,
    max_key: max ?? null,
    checkpoint_id: checkpoint ?? null,
    writer_info: info ?? '{}',
  }))
  const buildMeta = {
    run_id: cells['run_id'] ?? null,
    created_at: cells['created_at'] ?? null,
    num_dbs: cells['num_dbs'] ?? null,
    s3_prefix: cells['s3_prefix'] ?? null,
    key_col: cells['key_col'] ?? null,
    sharding: cells['sharding'] ?? null,
    db_path_template: cells['db_path_template'] ?? null,
    shard_prefix: cells['shard_prefix'] ?? null,
    // The tables have no column for it.
    format_version: 4,
    key_encoding: cells['key_encoding'] ?? null,
    custom: cells['custom'] ?? null,
  }
  return restoreTextKeys(decodeManifestRecord({ buildMeta, shards }, where))
}

function unstorable(where: string, problem: string): ShardyfusionError {
  return new ShardyfusionError('SHARD_MANIFEST', `${where}: ${problem}`, {
    details: { peer: 'ManifestBuildError' },
  })
}
