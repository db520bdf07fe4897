import {
  isShardyfusionError,
  type SearchHit,
  type SearchResult,
  type SnapshotSearchOptions,
} from '@shardyfusion/core'
import type { VectorSearchOptions } from '@shardyfusion/vector'
import type { FastifyInstance } from 'fastify'
import type { Database, SnapshotFacts } from '../database.js'
import { Refusal, requestMessage } from '../failure.js'
import { jsonBlocks, sendBlocks } from './json-blocks.js'
import { databaseOf, type HttpParts, pathsOf } from './parts.js'
import { valueMember } from './value-json.js'
import type { JsonValues } from '../options.js'

const MAX_DIMENSIONS = 65_536
const MAX_HITS = 1000
const DEFAULT_HITS = 10

type Options = Omit<SnapshotSearchOptions & VectorSearchOptions, 'signal'>

interface Body extends Options {
  readonly vector?: number[]
  readonly vectors?: number[][]
}

/** Adds the search for nearest vectors. */
export function addSearch(
  app: FastifyInstance,
  { databases, values, scans, limits, deadlines }: HttpParts,
): void {
  const vector = { type: 'array', maxItems: MAX_DIMENSIONS, items: { type: 'number' } } as const
  const body = {
    type: 'object',
    additionalProperties: false,
    properties: {
      vector,
      vectors: { type: 'array', minItems: 1, maxItems: limits.maxKeys, items: vector },
      topK: { type: 'integer', minimum: 1, maximum: Math.min(MAX_HITS, limits.maxKeys) },
      where: { type: 'string', maxLength: 4096 },
      maxDistance: { type: 'number' },
      exact: { type: 'boolean' },
      recall: { type: 'number' },
      probes: { anyOf: [{ type: 'integer' }, { const: 'all' }] },
      shards: { type: 'array', maxItems: 65_536, items: { type: 'integer' } },
      context: { type: 'object' },
      withValues: { type: 'boolean' },
    },
  } as const
  interface Search {
    Params: { database?: string }
    Body: Body
  }
  for (const path of pathsOf('/search')) {
    app.post<Search>(path, { schema: { body } }, async (request, reply) => {
      const database = databaseOf(databases, request.params.database)
      const facts = database.current()
      const { vector: one, vectors: many, ...options } = request.body
      const queries = queriesOf(one, many)
      const hits = queries.length * (options.topK ?? DEFAULT_HITS)
      if (hits > limits.maxKeys)
        throw new Refusal(
          'TOO_LARGE',
          `${queries.length} queries may find ${hits} vectors, more than ${limits.maxKeys}; send several requests`,
        )
      const end = scans.begin()
      try {
        const searched = { ...options, signal: deadlines.signal() }
        const found = await search(database, queries, searched).catch(refuseQuery)
        const all = found.flatMap(({ results }, query) => results.map((hit) => ({ hit, query })))
        const member = (i: number): string => hitJson(all[i]!.hit, all[i]!.query, values, facts)
        const { shardsQueried, durationMs } = found[0]!
        const ms = Math.round(durationMs * 1000) / 1000
        const tail = `],"shardsQueried":${shardsQueried},"durationMs":${ms}}`
        const blocks = await jsonBlocks('{"results":[', all.length, member, tail)
        return await sendBlocks(reply.type('application/json; charset=utf-8'), blocks)
      } finally {
        end()
      }
    })
  }
}

function queriesOf(one: number[] | undefined, many: number[][] | undefined): Float32Array[] {
  if ((one === undefined) === (many === undefined))
    throw new Refusal(
      'BAD_REQUEST',
      'expected "vector", a list of numbers, or "vectors", a list of vectors',
    )
  return (many ?? [one!]).map((vector) => Float32Array.from(vector))
}

function search(
  database: Database,
  queries: Float32Array[],
  options: Options,
): Promise<SearchResult<Uint8Array>[]> {
  const { vectorReader } = database
  if (vectorReader === undefined) {
    const { probes, ...rest } = options
    if (probes !== undefined)
      throw new Refusal(
        'SHARD_INVALID_OPTION',
        'probes is for vectors without keys; pass recall, the share of the nearest to find',
      )
    return database.reader.searchMany(queries, rest)
  }
  const { withValues, ...rest } = options
  if (withValues === true)
    throw new Refusal(
      'SHARD_INVALID_OPTION',
      'withValues needs rows with keys; these vectors have none',
    )
  return vectorReader.searchMany(queries, rest) as Promise<SearchResult<Uint8Array>[]>
}

/** A query that does not fit the vectors is the fault of the request, whatever its code says elsewhere. */
function refuseQuery(error: unknown): never {
  if (isShardyfusionError(error) && error.code === 'SHARD_INVALID_VALUE')
    throw new Refusal(error.code, requestMessage(error))
  throw error
}

/** One hit as `shardy search --json` prints it. */
function hitJson(
  { id, score, payload, shard, value }: SearchHit<Uint8Array>,
  query: number,
  values: JsonValues,
  facts: SnapshotFacts,
): string {
  const members = [`"query":${query}`, `"id":${exactJson(id)}`, `"score":${score}`]
  members.push(`"shard":${shard}`)
  if (payload !== undefined) members.push(`"payload":${exactJson(payload)}`)
  if (value !== undefined) members.push(valueMember(value, values, facts))
  return `{${members.join(',')}}`
}

/** JSON whose integers keep every digit. */
function exactJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${exactJson(member)}`).join(',')}}`
}
