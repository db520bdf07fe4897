import type { FastifyInstance } from 'fastify'
import type { Database } from '../database.js'
import { databaseOf, type HttpParts, pathsOf } from './parts.js'

/** Adds probes, facts about the snapshots, and metrics. */
export function addHealth(
  app: FastifyInstance,
  { databases, metrics }: HttpParts,
  isClosing: () => boolean,
): void {
  app.get('/live', async () => ({ status: 'live' }))
  app.get('/ready', async (_request, reply) => {
    const isReady = !isClosing() && databases.every(isServing)
    if (!isReady) reply.code(503)
    return { status: isReady ? 'ready' : 'not ready' }
  })
  app.get('/health', async (_request, reply) => {
    const states = databases.map(healthOf)
    const status = isClosing() ? 'closing' : worst(states.map((state) => state.status))
    if (status === 'unhealthy' || status === 'closing') reply.code(503)
    return { status, databases: states }
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics()),
  )
  for (const path of pathsOf('/info')) {
    app.get<{ Params: { database?: string } }>(path, async (request) =>
      infoOf(databaseOf(databases, request.params.database)),
    )
  }
  app.get('/v1/databases', async () => ({ databases: databases.map(infoOf) }))
}

function isServing({ anyReader }: Database): boolean {
  return anyReader.health().status !== 'unhealthy'
}

/** The reason contains locations of storage, so it is only logged. */
function healthOf({ index, name, anyReader }: Database) {
  const { status, ageMs } = anyReader.health()
  if (status === 'unhealthy') return { index, name, status }
  const { runId, publishedAt, fellBack } = anyReader.info()
  const ageSeconds = Math.round(ageMs / 1000)
  return { index, name, status, runId, publishedAt, ageSeconds, fellBack }
}

function worst(states: readonly string[]): string {
  return ['unhealthy', 'degraded'].find((state) => states.includes(state)) ?? 'healthy'
}

/** Facts about a snapshot, without locations and without the fields of its writer. */
function infoOf(database: Database) {
  const { index, name, anyReader, hasKeys } = database
  const {
    runId,
    publishedAt,
    createdAt,
    rowCount,
    shards,
    sharding,
    keyEncoding,
    shardFormat,
    fellBack,
  } = anyReader.info()
  const vectors = database.vectors()
  return {
    index,
    name,
    runId,
    createdAt,
    publishedAt,
    rowCount,
    shards,
    // How keys are sharded and stored.
    ...(hasKeys && { sharding, keyEncoding }),
    shardFormat,
    fellBack,
    ...(vectors !== undefined && { vectors }),
  }
}
