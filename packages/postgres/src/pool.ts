import type { PoolConfig } from 'pg'

/** The part of a client of `pg` that the catalog uses. */
export interface PostgresClient {
  /** Runs a statement. */
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>
  /** Returns the client to its pool, or closes its connection if `destroy` is true. */
  release(destroy?: boolean): void
  /** Reports failures of an idle connection. */
  on?(event: 'error', listener: (error: Error) => void): unknown
}

/** The part of a pool of `pg` that the catalog uses. */
export interface PostgresPool {
  /** A connection of the pool. */
  connect(): Promise<PostgresClient>
}

/** A pool that this package opened, and closes. */
export interface OwnPool extends PostgresPool {
  end(): Promise<void>
}

export interface PoolOptions {
  readonly connectionString: string | undefined
  readonly maxConnections: number
  readonly timeoutMs: number
}

/** Opens a pool of `pg`, which connects at the first query. */
export async function openPool(options: PoolOptions): Promise<OwnPool> {
  const { connectionString, maxConnections, timeoutMs } = options
  const { default: pg } = await import('pg')
  const config: PoolConfig = {
    ...(connectionString !== undefined && { connectionString }),
    max: maxConnections,
    connectionTimeoutMillis: timeoutMs,
    // The server ends a statement first, with the better message.
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 1_000,
    keepAlive: true,
    application_name: 'shardyfusion',
    // An idle connection must not keep a script alive.
    allowExitOnIdle: true,
  }
  const pool = new pg.Pool(config)
  // Idle connections end when the server restarts; the pool replaces them, but an event without a
  // listener would end the process.
  pool.on('error', () => {})
  return pool
}
