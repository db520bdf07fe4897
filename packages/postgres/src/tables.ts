import type { Connection } from './connection.js'
import { ShardyfusionError } from '@shardyfusion/core/extend'
import { reasonOf } from './postgres-error.js'

/** Names of the three tables, ready for SQL. */
export interface Tables {
  readonly builds: string
  readonly shards: string
  readonly pointer: string
}

const NAME = /^(?:[a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,50}$/

/**
 * Returns the names of the tables that the Python project uses for the same options.
 *
 * Errors: SHARD_INVALID_OPTION for a name that SQL would have to quote.
 */
export function tablesOf(table: string, pointerTable: string, where: string): Tables {
  for (const [option, name] of Object.entries({ table, pointerTable })) {
    if (NAME.test(name)) continue
    throw new ShardyfusionError(
      'SHARD_INVALID_OPTION',
      `${where}: ${option} must be a name of at most 51 lower-case letters, digits and underscores, or ` +
        `schema.name, got ${JSON.stringify(name)}`,
      { details: { peer: 'ConfigValidationError' } },
    )
  }
  return { builds: `${table}_builds`, shards: `${table}_shards`, pointer: pointerTable }
}

/**
 * Creates the tables that do not exist.
 *
 * Tables that exist are not touched, so a role without the right to create tables can read. Errors:
 * SHARD_INVALID_OPTION if they cannot be created. Source: wire-format §7.5.
 */
export async function ensureTables(
  connection: Connection,
  tables: Tables,
  where: string,
  signal?: AbortSignal,
): Promise<void> {
  const { builds, shards, pointer } = tables
  const exist = await connection.run(where, signal, async (client) => {
    const { rows } = await client.query(
      'SELECT to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL AND to_regclass($3) IS NOT NULL AS found',
      [builds, shards, pointer],
    )
    return rows[0]?.['found'] === true
  })
  if (exist) return
  try {
    await connection.transaction(where, signal, async (client) => {
      // Two processes that create a table at the same time fail, even with IF NOT EXISTS.
      await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`shardyfusion ${pointer}`])
      for (const statement of definitions(tables)) await client.query(statement)
    })
  } catch (cause) {
    signal?.throwIfAborted()
    if ((cause as { retryable?: unknown }).retryable === true) throw cause
    const reason = reasonOf(cause)
    throw new ShardyfusionError(
      'SHARD_INVALID_OPTION',
      `${where}: the tables ${builds}, ${shards} and ${pointer} could not be created: ${reason}`,
      { cause, details: { peer: 'ConfigValidationError' } },
    )
  }
}

function definitions({ builds, shards, pointer }: Tables): string[] {
  const index = `idx_${pointer.slice(pointer.indexOf('.') + 1)}_updated_at`
  return [
    `CREATE TABLE IF NOT EXISTS ${builds} (
      run_id           TEXT PRIMARY KEY,
      created_at       TIMESTAMPTZ NOT NULL DEFAULT now(),
      num_dbs          INTEGER NOT NULL,
      s3_prefix        TEXT NOT NULL,
      key_col          TEXT NOT NULL DEFAULT '_key',
      sharding         JSONB NOT NULL,
      db_path_template TEXT NOT NULL DEFAULT 'db={db_id:05d}',
      shard_prefix     TEXT NOT NULL DEFAULT 'shards',
      key_encoding     TEXT NOT NULL DEFAULT 'u64be',
      custom           JSONB NOT NULL DEFAULT '{}'
    )`,
    `CREATE TABLE IF NOT EXISTS ${shards} (
      run_id        TEXT NOT NULL REFERENCES ${builds} (run_id),
      db_id         INTEGER NOT NULL,
      db_url        TEXT,
      attempt       INTEGER NOT NULL DEFAULT 0,
      row_count     INTEGER NOT NULL DEFAULT 0,
      db_bytes      BIGINT NOT NULL DEFAULT 0,
      checkpoint_id TEXT,
      min_key       JSONB,
      max_key       JSONB,
      writer_info   JSONB,
      PRIMARY KEY (run_id, db_id)
    )`,
    `CREATE TABLE IF NOT EXISTS ${pointer} (
      updated_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
      manifest_ref TEXT NOT NULL
    )`,
    `CREATE INDEX IF NOT EXISTS ${index} ON ${pointer} (updated_at DESC)`,
  ]
}
