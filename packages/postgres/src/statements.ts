import type { Tables } from './tables.js'

/** One row more than a manifest may have shows that there are too many. */
const MAX_SHARD_ROWS = 100_001

/** The statements of one catalog. */
export type Statements = ReturnType<typeof statementsFor>

/** Writes the statements for the names of the tables. */
export function statementsFor({ builds, shards, pointer }: Tables) {
  const later = `greatest(clock_timestamp(), (SELECT max(updated_at) FROM ${pointer}) + interval '1 microsecond')`
  return {
    // Conflicts with the inserts of the Python project as well; reads continue.
    lock: `LOCK TABLE ${pointer} IN SHARE ROW EXCLUSIVE MODE`,
    now: 'SELECT clock_timestamp()::text AS at',
    findPointer: `SELECT manifest_ref AS run_id, ${published('updated_at')} FROM ${pointer}
      WHERE manifest_ref = $1 AND updated_at >= $2::timestamptz ORDER BY updated_at DESC LIMIT 1`,
    upsertBuild: `INSERT INTO ${builds} (run_id, created_at, num_dbs, s3_prefix, key_col, sharding,
        db_path_template, shard_prefix, key_encoding, custom)
      VALUES ($1, $2::timestamptz, $3, $4, $5, $6::jsonb, $7, $8, $9, $10::jsonb)
      ON CONFLICT (run_id) DO UPDATE SET created_at = EXCLUDED.created_at, num_dbs = EXCLUDED.num_dbs,
        s3_prefix = EXCLUDED.s3_prefix, key_col = EXCLUDED.key_col, sharding = EXCLUDED.sharding,
        db_path_template = EXCLUDED.db_path_template, shard_prefix = EXCLUDED.shard_prefix,
        key_encoding = EXCLUDED.key_encoding, custom = EXCLUDED.custom`,
    deleteShards: `DELETE FROM ${shards} WHERE run_id = $1`,
    insertShards: `INSERT INTO ${shards} (run_id, db_id, db_url, attempt, row_count, db_bytes, min_key, max_key,
        checkpoint_id, writer_info)
      SELECT $1, * FROM unnest($2::int[], $3::text[], $4::int[], $5::int[], $6::bigint[], $7::jsonb[], $8::jsonb[],
        $9::text[], $10::jsonb[])`,
    // Later than every other pointer, even if the clock of the server was set back.
    insertPointer: `INSERT INTO ${pointer} (updated_at, manifest_ref) VALUES (${later}, $1)
      RETURNING manifest_ref AS run_id, ${published('updated_at')}`,
    current: `SELECT run_id, ${published('at')} FROM (
        (SELECT 0 AS source, manifest_ref AS run_id, updated_at AS at FROM ${pointer} ORDER BY updated_at DESC LIMIT 1)
        UNION ALL
        (SELECT 1, run_id, created_at FROM ${builds} ORDER BY created_at DESC LIMIT 1)
      ) AS newest ORDER BY source LIMIT 1`,
    exists: `SELECT run_id FROM ${builds} WHERE run_id = $1`,
    // One statement, because a publication of the same run may come between two.
    load: `SELECT run_id, ${timestamp('created_at')} AS created_at, num_dbs, s3_prefix, key_col,
        sharding::text AS sharding, db_path_template, shard_prefix, key_encoding, custom::text AS custom,
        (SELECT coalesce(json_agg(json_build_array(db_id, db_url, attempt, row_count, db_bytes::text, min_key::text,
            max_key::text, checkpoint_id, writer_info::text) ORDER BY db_id), '[]')::text
          FROM (SELECT * FROM ${shards} s WHERE s.run_id = b.run_id ORDER BY db_id LIMIT ${MAX_SHARD_ROWS}) AS rows
        ) AS shards
      FROM ${builds} b WHERE run_id = $1`,
    // In order of publication; a build without a pointer was published by its creation.
    list: `SELECT b.run_id, ${published('coalesce(p.at, b.created_at)')} FROM ${builds} b
      LEFT JOIN (SELECT manifest_ref, min(updated_at) AS at FROM ${pointer} GROUP BY manifest_ref) AS p
        ON p.manifest_ref = b.run_id
      ORDER BY coalesce(p.at, b.created_at) DESC, b.run_id DESC LIMIT $1`,
    deleteBuild: `DELETE FROM ${builds} WHERE run_id = $1 RETURNING run_id`,
    deletePointers: `DELETE FROM ${pointer} WHERE manifest_ref = $1`,
  }
}

function published(expression: string): string {
  const micros = `(extract(epoch FROM ${expression}) * 1000000)::bigint::text`
  return `${timestamp(expression)} AS published_at, ${micros} AS published_micros`
}

/** Timestamp text in UTC with microseconds, as manifests contain it. */
function timestamp(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')`
}
