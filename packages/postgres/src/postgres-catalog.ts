import { objectCatalog } from '@shardyfusion/core'
import {
  type Catalog,
  isShardyfusionError,
  type Origin,
  ShardyfusionError,
  type StorageOptions,
} from '@shardyfusion/core/extend'
import * as v from 'valibot'
import { Connection } from './connection.js'
import { openPool, type OwnPool, type PostgresPool } from './pool.js'
import { PostgresManifestStore } from './postgres-manifest-store.js'
import { ensureTables, tablesOf } from './tables.js'

/** Options of `postgresCatalog`. */
export interface PostgresCatalogOptions extends StorageOptions {
  /** Prefix of the snapshots; run records are objects below it, as in the Python project. */
  prefix: string
  /**
   * Connection of the form `postgres://user:password@host:port/database`; by default the variables
   * `PGHOST`, `PGUSER`, `PGPASSWORD` and so on.
   */
  connectionString?: string | undefined
  /** A pool of `pg` instead, which the catalog does not close. */
  pool?: PostgresPool | undefined
  /** Start of the names of the tables `<table>_builds` and `<table>_shards` (default `shardyfusion_manifests`). */
  table?: string | undefined
  /** Name of the pointer table (default `shardyfusion_pointer`). */
  pointerTable?: string | undefined
  /** Creates tables that do not exist (default true). */
  ensureTables?: boolean | undefined
  /** Maximum connections of the pool; 4 by default. */
  maxConnections?: number | undefined
  /** Time limit of a connection and of a statement, in milliseconds; 10,000 by default. */
  timeoutMs?: number | undefined
  /** Maximum attempts of a statement whose connection fails (default 4). */
  attempts?: number | undefined
}

/** A catalog in PostgreSQL. */
export interface PostgresCatalog extends Catalog, AsyncDisposable {
  /** Ends the connections of the catalog, but not those of a `pool` that was passed; idempotent. */
  close(): Promise<void>
}

const where = 'postgresCatalog'

const positive = (unit: string) =>
  v.pipe(
    v.number(`must be an integer of 1 or more (${unit})`),
    v.safeInteger(`must be an integer of 1 or more (${unit})`),
    v.minValue(1, `must be an integer of 1 or more (${unit})`),
  )

const schema = v.looseObject({
  prefix: v.string('must be a URL'),
  connectionString: v.optional(
    v.string('must be a URL: postgres://user:password@host:port/database'),
  ),
  pool: v.optional(
    v.custom<PostgresPool>(
      (value) => typeof (value as PostgresPool | null)?.connect === 'function',
      'must be a pool of pg',
    ),
  ),
  table: v.optional(v.string('must be a name'), 'shardyfusion_manifests'),
  pointerTable: v.optional(v.string('must be a name'), 'shardyfusion_pointer'),
  ensureTables: v.optional(v.boolean('must be true or false'), true),
  maxConnections: v.optional(positive('connections'), 4),
  timeoutMs: v.optional(positive('milliseconds'), 10_000),
  attempts: v.optional(positive('attempts'), 4),
})

/**
 * Opens a catalog whose manifests and pointer are in PostgreSQL; shards and run records stay objects.
 *
 * One pair of tables serves one lineage of snapshots. The tables are those of the Python project.
 * Errors: SHARD_INVALID_OPTION; SHARD_STORE if the server cannot be reached. Source: wire-format §7.5;
 * peer `PostgresManifestStore`.
 */
export async function postgresCatalog(options: PostgresCatalogOptions): Promise<PostgresCatalog> {
  checkNames(options)
  const parsed = v.safeParse(schema, options)
  if (!parsed.success) {
    const [issue] = parsed.issues
    const name = issue.path?.map(({ key }) => String(key)).join('.') ?? 'options'
    // The message shows no value of a URL or a pool, which may contain a password.
    const got = SECRETS.has(name) ? typeof issue.input : describe(issue.input)
    throw invalid(`${name} ${issue.message}, got ${got}`)
  }
  const {
    connectionString,
    pool: givenPool,
    table,
    pointerTable,
    ensureTables: ensures,
    maxConnections,
    timeoutMs,
    attempts,
    ...storage
  } = parsed.output
  if (givenPool !== undefined && connectionString !== undefined)
    throw invalid('pass either connectionString or pool, got both')
  checkConnectionString(connectionString)
  const tables = tablesOf(table, pointerTable, where)
  const { signal, ...objectOptions } = storage as Pick<PostgresCatalogOptions, 'prefix'> &
    StorageOptions
  const objects = await runRecords(objectOptions)
  let ownPool: OwnPool | undefined
  const close = async (): Promise<void> => {
    const ending = ownPool
    ownPool = undefined
    await Promise.all([ending?.end(), objects.close?.()])
  }
  try {
    const pool =
      givenPool ?? (ownPool = await openPool({ connectionString, maxConnections, timeoutMs }))
    const connection = new Connection(pool, attempts, ownPool && timeoutMs)
    if (ensures) await ensureTables(connection, tables, where, signal)
    else await connection.run(where, signal, (client) => client.query('SELECT 1'))
    const origin = originOf(options)
    return {
      manifests: new PostgresManifestStore(connection, tables),
      runs: objects.runs,
      ...(origin !== undefined && { origin }),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    const closing = close().catch(() => {})
    // The end of a pool waits for connections that are being made, and a server may not answer.
    if (signal?.aborted !== true) await closing
    throw error
  }
}

const SECRETS = new Set(['connectionString', 'pool'])

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** Opens the catalog of run records. Errors: those of `objectCatalog`, under the name of this function. */
async function runRecords(options: Parameters<typeof objectCatalog>[0]): Promise<Catalog> {
  try {
    return await objectCatalog(options)
  } catch (cause) {
    if (!isShardyfusionError(cause)) throw cause
    const { code, message, retryable, details } = cause
    const renamed = message.replace(/^objectCatalog:/, `${where}:`)
    throw new ShardyfusionError(code, renamed, { retryable, details, cause })
  }
}

/** Options that the catalog of run records takes. */
const STORAGE_OPTIONS = ['objects', 's3', 'env', 'envFile', 'signal']

/** Refuses a misspelt name here: the catalog of run records would name its own options only. */
function checkNames(options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid(`options must be an object, got ${options === null ? 'null' : typeof options}`)
  const known = [...Object.keys(schema.entries), ...STORAGE_OPTIONS]
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw invalid(`unknown option ${JSON.stringify(unknown)}; the options are ${known.join(', ')}`)
}

/** Checks the URL here: the error of a URL parser contains the URL, and the URL a password. */
function checkConnectionString(url: string | undefined): void {
  if (url === undefined || (/^postgres(?:ql)?:\/\//.test(url) && URL.canParse(url))) return
  throw invalid(
    'connectionString must be a URL of the form postgres://user:password@host:port/database, with reserved ' +
      'characters of the password as %XX',
  )
}

/**
 * Describes the catalog to other threads and processes. A password, a pool and objects cannot be part of
 * it: plans of tasks store it.
 */
function originOf(options: PostgresCatalogOptions): Origin | undefined {
  const { pool, objects, signal: _, connectionString, ...rest } = options
  const hasSecret =
    connectionString !== undefined && /:\/\/[^/]*:[^/]*@|password=/i.test(connectionString)
  if (pool !== undefined || objects !== undefined || hasSecret) return undefined
  if (rest.env !== undefined || rest.s3 !== undefined) return undefined
  return {
    module: '@shardyfusion/postgres',
    export: 'postgresCatalog',
    options: { ...rest, ...(connectionString !== undefined && { connectionString }) },
  }
}

function invalid(problem: string): ShardyfusionError {
  return new ShardyfusionError('SHARD_INVALID_OPTION', `${where}: ${problem}`, {
    details: { peer: 'ConfigValidationError' },
  })
}
