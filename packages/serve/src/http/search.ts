import { isShardyfusionError, type SearchHit, type SnapshotSearchOptions } from '@shardyfusion/core'
import type { FastifyInstance } from 'fastify'
import type { SnapshotFacts } from '../database.js'
import { Refusal, requestMessage } from '../failure.js'
import { databaseOf, type HttpParts, pathsOf } from './parts.js'
import { valueMember } from './value-json.js'
import type { JsonValues } from '../options.js'

const MAX_DIMENSIONS = 65_536
const MAX_HITS = 1000

/** Adds the search for nearest vectors. */
export function addSearch(
  app: FastifyInstance,
  { databases, values, scans, limits, deadlines }: HttpParts,
): void {
  const body = {
    type: 'object',
    required: ['vector'],
    additionalProperties: false,
    properties: {
      vector: { type: 'array', maxItems: MAX_DIMENSIONS, items: { type: 'number' } },
      topK: { type: 'integer', minimum: 1, maximum: Math.min(MAX_HITS, limits.maxKeys) },
      where: { type: 'string', maxLength: 4096 },
      maxDistance: { type: 'number' },
      exact: { type: 'boolean' },
      recall: { type: 'number' },
      shards: { type: 'array', maxItems: 65_536, items: { type: 'integer' } },
      context: { type: 'object' },
      withValues: { type: 'boolean' },
    },
  } as const
  interface Search {
    Params: { database?: string }
    Body: { vector: number[] } & Omit<SnapshotSearchOptions, 'signal'>
  }
  for (const path of pathsOf('/search')) {
    app.post<Search>(path, { schema: { body } }, async (request, reply) => {
      const database = databaseOf(databases, request.params.database)
      const facts = database.current()
      const { vector, ...options } = request.body
      const end = scans.begin()
      try {
        const signal = deadlines.signal()
        const query = Float32Array.from(vector)
        const found = await database.reader.search(query, { ...options, signal }).catch(refuseQuery)
        const results = found.results.map((hit) => hitJson(hit, values, facts)).join(',')
        const durationMs = Math.round(found.durationMs * 1000) / 1000
        return await reply
          .type('application/json; charset=utf-8')
          .send(
            `{"results":[${results}],"shardsQueried":${found.shardsQueried},"durationMs":${durationMs}}`,
          )
      } finally {
        end()
      }
    })
  }
}

/** A query that does not fit the vectors is the fault of the request, whatever its code says elsewhere. */
function refuseQuery(error: unknown): never {
  if (isShardyfusionError(error) && error.code === 'SHARD_INVALID_VALUE')
    throw new Refusal(error.code, requestMessage(error))
  throw error
}

function hitJson(
  { id, score, payload, shard, value }: SearchHit<Uint8Array>,
  values: JsonValues,
  facts: SnapshotFacts,
): string {
  const members = [`"id":${JSON.stringify(String(id))}`, `"score":${score}`, `"shard":${shard}`]
  if (payload !== undefined) members.push(`"payload":${JSON.stringify(payload, exact)}`)
  if (value !== undefined) members.push(valueMember(value, values, facts))
  return `{${members.join(',')}}`
}

/** Integers that a JSON number may not hold become text. */
function exact(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
