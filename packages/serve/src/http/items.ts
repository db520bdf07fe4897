import type { Key, RoutingContext } from '@shardyfusion/core'
import type { FastifyInstance } from 'fastify'
import { lookUpBounded } from '../bounded-lookup.js'
import { Refusal } from '../failure.js'
import { keyOfText, wordOfKeyText } from '../keys.js'
import { jsonBlocks, sendBlocks } from './json-blocks.js'
import { databaseOf, type HttpParts, pathsOf, problem } from './parts.js'
import { contentTypeOf, valueMember } from './value-json.js'

const CONTEXT = { type: 'string', maxLength: 16_384 } as const

/** Adds lookups of one key, and of many. */
export function addItems(
  app: FastifyInstance,
  { databases, values, limits, deadlines, counters }: HttpParts,
): void {
  const querystring = { type: 'object', properties: { context: CONTEXT } } as const
  interface Item {
    Params: { key: string; database?: string }
    Querystring: { context?: string }
  }
  for (const path of pathsOf('/items/:key')) {
    app.get<Item>(path, { schema: { querystring } }, async (request, reply) => {
      const database = databaseOf(databases, request.params.database)
      const { reader } = database
      const facts = database.current()
      const key = keyOfText(request.params.key, facts)
      const context = contextOf(request.query.context)
      const { cache } = database
      // Another context may name another shard.
      const word = context === undefined ? wordOfKeyText(request.params.key, key) : undefined
      const cached = word === undefined ? undefined : cache.valueOf(word)
      const found =
        cached === undefined
          ? await reader.get(key, {
              signal: deadlines.signal(),
              ...(context !== undefined && { context }),
            })
          : (cached ?? undefined)
      if (cached !== undefined) counters.cached++
      // The reader may have moved during the call.
      else if (word !== undefined && database.current() === facts) cache.set(word, found)
      if (found === undefined) {
        counters.missing++
        return reply.code(404).send(problem('NOT_FOUND', 'the key does not exist'))
      }
      counters.found++
      const { buffer, byteOffset, length } = found
      return reply
        .type(contentTypeOf(values, facts))
        .header('x-content-type-options', 'nosniff')
        .send(Buffer.from(buffer, byteOffset, length))
    })
  }

  const body = {
    type: 'object',
    required: ['keys'],
    additionalProperties: false,
    properties: {
      keys: {
        type: 'array',
        maxItems: limits.maxKeys,
        items: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
      },
      context: { type: 'object' },
    },
  } as const
  interface Batch {
    Params: { database?: string }
    Body: { keys: (string | number)[]; context?: RoutingContext }
  }
  // Two colons escape one: a single colon starts a parameter.
  for (const path of pathsOf('/items::batch')) {
    app.post<Batch>(path, { schema: { body } }, async (request, reply) => {
      const database = databaseOf(databases, request.params.database)
      const { reader } = database
      const { keys: texts, context } = request.body
      const facts = database.current()
      const bytes = texts.length * facts.rowBytes
      if (bytes > limits.maxReplyBytes)
        throw new Refusal(
          'TOO_LARGE',
          `${texts.length} values take about ${bytes} bytes, more than ${limits.maxReplyBytes}; send several requests`,
        )
      const keys: Key[] = texts.map((text) => keyOfText(textOfKey(text), facts))
      const options = { signal: deadlines.signal(), ...(context !== undefined && { context }) }
      const words = texts.map((text, i) => wordOfKeyText(String(text), keys[i]!))
      // The context chooses the shard, so it is a part of what the cache would have to know.
      const isCacheable = context === undefined
      const cached = isCacheable ? database.cache.valuesOf(words, limits.maxReplyBytes) : undefined
      const found =
        cached ??
        (await lookUpBounded(database, reader, keys, words, options, limits.maxReplyBytes))
      if (cached !== undefined) counters.cached += cached.length
      else if (isCacheable && database.current() === facts)
        for (const [i, word] of words.entries()) database.cache.set(word, found[i])
      const member = (i: number): string => {
        const value = found[i]
        const key = JSON.stringify(String(texts[i]))
        if (value === undefined) return `{"key":${key},"found":false}`
        return `{"key":${key},"found":true,${valueMember(value, values, facts)}}`
      }
      const blocks = await jsonBlocks('{"items":[', found.length, member, ']}')
      const missing = found.filter((value) => value === undefined).length
      counters.missing += missing
      counters.found += found.length - missing
      return sendBlocks(reply.type('application/json; charset=utf-8'), blocks)
    })
  }
}

function textOfKey(key: string | number): string {
  if (typeof key === 'string') return key
  if (Number.isSafeInteger(key)) return String(key)
  throw new Refusal('SHARD_INVALID_KEY', 'an integer above 2^53-1 must be a string of digits')
}

function contextOf(text: string | undefined): RoutingContext | undefined {
  if (text === undefined) return undefined
  try {
    const context: unknown = JSON.parse(text)
    if (typeof context === 'object' && context !== null && !Array.isArray(context))
      return context as RoutingContext
  } catch {
    // Refused below.
  }
  throw new Refusal('SHARD_ROUTING', 'context must be a JSON object of column values')
}
