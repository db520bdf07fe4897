import type { SearchHit, SnapshotSearchOptions } from '@shardyfusion/core'
import type { FastifyInstance } from 'fastify'
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
      const { reader } = databaseOf(databases, request.params.database)
      const { vector, ...options } = request.body
      const end = scans.begin()
      try {
        const signal = deadlines.signal()
        const found = await reader.search(Float32Array.from(vector), { ...options, signal })
        const results = found.results.map((hit) => hitJson(hit, values)).join(',')
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

function hitJson(
  { id, score, payload, shard, value }: SearchHit<Uint8Array>,
  values: JsonValues,
): string {
  const members = [`"id":${JSON.stringify(String(id))}`, `"score":${score}`, `"shard":${shard}`]
  if (payload !== undefined) members.push(`"payload":${JSON.stringify(payload, exact)}`)
  if (value !== undefined) members.push(valueMember(value, values))
  return `{${members.join(',')}}`
}

/** Integers that a JSON number may not hold become text. */
function exact(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
