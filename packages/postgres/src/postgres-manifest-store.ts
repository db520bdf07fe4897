import {
  isShardyfusionError,
  type Manifest,
  type ManifestCallOptions,
  type ManifestRef,
  type ManifestStore,
  type PublishCallOptions,
  ShardyfusionError,
} from '@shardyfusion/core/extend'
import type { Connection } from './connection.js'
import type { PostgresClient } from './pool.js'
import { manifestOfRow, valuesOf } from './manifest-values.js'
import { reasonOf } from './postgres-error.js'
import { type Statements, statementsFor } from './statements.js'
import type { Tables } from './tables.js'

const DEFAULT_LIST_LIMIT = 10

/**
 * Stores manifests in three tables; the ref of a manifest is its run id.
 *
 * A run that publishes again replaces its manifest and stays in its place in the list. Writers lock the
 * pointer table, so publications are in one order, also with those of the Python project. Source:
 * wire-format §7.5; peer `PostgresManifestStore`.
 */
export class PostgresManifestStore implements ManifestStore {
  readonly #connection: Connection
  readonly #sql: Statements

  constructor(connection: Connection, tables: Tables) {
    this.#connection = connection
    this.#sql = statementsFor(tables)
  }

  async publish(
    manifest: Manifest,
    { signal, expectedCurrent }: PublishCallOptions = {},
  ): Promise<ManifestRef> {
    const where = 'PostgresManifestStore.publish'
    const { build, shards } = valuesOf(manifest, where)
    const { runId } = manifest
    let startedAt: unknown
    try {
      return await this.#connection.transaction(where, signal, async (client) => {
        await client.query(this.#sql.lock)
        // If the connection ended during a commit, the first attempt may have been published.
        const found =
          startedAt === undefined
            ? undefined
            : await only(client, this.#sql.findPointer, [runId, startedAt])
        if (found !== undefined) return refOf(found)
        if (expectedCurrent !== undefined)
          await this.#requireCurrent(client, expectedCurrent, where)
        startedAt ??= (await only(client, this.#sql.now))?.['at']
        await client.query(this.#sql.upsertBuild, build)
        await client.query(this.#sql.deleteShards, [runId])
        await client.query(this.#sql.insertShards, [runId, ...shards])
        return refOf((await only(client, this.#sql.insertPointer, [runId]))!)
      })
    } catch (cause) {
      signal?.throwIfAborted()
      if (isConflict(cause)) throw cause
      const reason = reasonOf(cause)
      throw new ShardyfusionError(
        'SHARD_PUBLISH',
        `${where}: run ${runId} is not published: ${reason.replace(`${where}: `, '')}; publish again`,
        { retryable: !isClosed(cause), cause, details: { peer: 'PublishManifestError', runId } },
      )
    }
  }

  loadCurrent({ signal }: ManifestCallOptions = {}): Promise<ManifestRef | undefined> {
    return this.#connection.run('PostgresManifestStore.loadCurrent', signal, async (client) => {
      const row = await only(client, this.#sql.current)
      return row === undefined ? undefined : refOf(row)
    })
  }

  async loadManifest(ref: string, { signal }: ManifestCallOptions = {}): Promise<Manifest> {
    const where = 'PostgresManifestStore.loadManifest'
    const row = await this.#connection.run(where, signal, (client) =>
      only(client, this.#sql.load, [storableText(ref)]),
    )
    if (row === undefined) throw notFound(ref, where)
    return manifestOfRow(row, `${where}: run ${JSON.stringify(ref)}`)
  }

  async listManifests(
    limit = DEFAULT_LIST_LIMIT,
    { signal }: ManifestCallOptions = {},
  ): Promise<ManifestRef[]> {
    const where = 'PostgresManifestStore.listManifests'
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new ShardyfusionError(
        'SHARD_INVALID_OPTION',
        `${where}: limit must be an integer of 1 or more (manifests), got ${String(limit)}`,
        { details: { peer: 'ValueError' } },
      )
    }
    return this.#connection.run(where, signal, async (client) => {
      const { rows } = await client.query(this.#sql.list, [limit])
      return rows.map(refOf)
    })
  }

  setCurrent(
    ref: string,
    { signal, expectedCurrent }: PublishCallOptions = {},
  ): Promise<ManifestRef> {
    const where = 'PostgresManifestStore.setCurrent'
    return this.#connection.transaction(where, signal, async (client) => {
      await client.query(this.#sql.lock)
      const build = await only(client, this.#sql.exists, [storableText(ref)])
      if (build === undefined) throw notFound(ref, where)
      if (expectedCurrent !== undefined) await this.#requireCurrent(client, expectedCurrent, where)
      return refOf((await only(client, this.#sql.insertPointer, [ref]))!)
    })
  }

  delete(ref: string, { signal }: ManifestCallOptions = {}): Promise<boolean> {
    const where = 'PostgresManifestStore.delete'
    return this.#connection.transaction(where, signal, async (client) => {
      await client.query(this.#sql.lock)
      const current = await only(client, this.#sql.current)
      if (current?.['run_id'] === ref) {
        throw new ShardyfusionError(
          'SHARD_BUSY',
          `${where}: run ${JSON.stringify(ref)} is current, and its manifest stays`,
          { retryable: true, details: { runId: ref } },
        )
      }
      const run = [storableText(ref)]
      await client.query(this.#sql.deleteShards, run)
      const deleted = await only(client, this.#sql.deleteBuild, run)
      await client.query(this.#sql.deletePointers, run)
      return deleted !== undefined
    })
  }

  /** Within a transaction that has locked the pointer. */
  async #requireCurrent(client: PostgresClient, expected: string, where: string): Promise<void> {
    const current = (await only(client, this.#sql.current))?.['run_id']
    if (current === expected) return
    throw new ShardyfusionError(
      'SHARD_PUBLISH',
      `${where}: run ${JSON.stringify(expected)} was expected to be current, but ${current === undefined ? 'none' : JSON.stringify(current)} is; nothing was published`,
      { details: { conflict: true, expectedCurrent: expected, current } },
    )
  }
}

function isClosed(error: unknown): boolean {
  return isShardyfusionError(error) && error.code === 'SHARD_CLOSED'
}

function isConflict(error: unknown): boolean {
  return error instanceof ShardyfusionError && error.details['conflict'] === true
}

async function only(
  client: PostgresClient,
  text: string,
  values: readonly unknown[] = [],
): Promise<Readonly<Record<string, unknown>> | undefined> {
  return (await client.query(text, values)).rows[0]
}

/** PostgreSQL refuses U+0000 in text; no run id contains it. */
function storableText(ref: string): string {
  return ref.includes('\0') ? '' : ref
}

function refOf(row: Readonly<Record<string, unknown>>): ManifestRef {
  const runId = row['run_id'] as string
  return {
    ref: runId,
    runId,
    publishedAt: row['published_at'] as string,
    publishedMicros: BigInt(row['published_micros'] as string),
  }
}

function notFound(ref: string, where: string): ShardyfusionError {
  return new ShardyfusionError(
    'SHARD_NOT_FOUND',
    `${where}: the catalog has no manifest of run ${JSON.stringify(ref)}; take it from listSnapshots()`,
    { details: { peer: 'ManifestParseError', manifestRef: ref } },
  )
}
