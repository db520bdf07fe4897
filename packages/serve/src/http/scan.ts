import { Readable } from 'node:stream'
import type { KeyRange } from '@shardyfusion/core'
import type { FastifyInstance } from 'fastify'
import { describeFailure, Refusal } from '../failure.js'
import { keyFields, keyOfText } from '../keys.js'
import { errorFields } from '../log.js'
import { databaseOf, type HttpParts, pathsOf, problem } from './parts.js'
import { valueMember } from './value-json.js'

const DEFAULT_LIMIT = 1000
const BLOCK_CHARACTERS = 64 * 1024

/** Adds scans of key ranges as lines of JSON. */
export function addScan(
  app: FastifyInstance,
  { databases, values, limits, scans, log }: HttpParts,
): void {
  const text = { type: 'string' } as const
  const querystring = {
    type: 'object',
    additionalProperties: false,
    properties: {
      start: text,
      end: text,
      prefix: text,
      limit: text,
      reverse: text,
      'keys-only': text,
    },
  } as const
  interface Scan {
    Params: { database?: string }
    Querystring: {
      start?: string
      end?: string
      prefix?: string
      limit?: string
      reverse?: string
      'keys-only'?: string
    }
  }
  for (const path of pathsOf('/scan')) {
    app.get<Scan>(path, { schema: { querystring } }, (request, reply) => {
      const database = databaseOf(databases, request.params.database)
      const { reader } = database
      const facts = database.current()
      const { query } = request
      const bound = (key?: string) => (key === undefined ? undefined : keyOfText(key, facts))
      const range: KeyRange = {
        start: bound(query.start),
        end: bound(query.end),
        prefix: query.prefix === undefined ? undefined : (bound(query.prefix) as string),
      }
      const limit = limitOf(query.limit, limits.maxScanEntries)
      const keysOnly = flagOf(query['keys-only'], 'keys-only')
      const gone = new AbortController()
      const end = scans.begin()
      // The status has been sent when a scan takes too long: it can only be cut off.
      const overdue = setTimeout(() => reply.raw.destroy(), limits.scanMs)
      reply.raw.once('close', () => {
        end()
        clearTimeout(overdue)
        gone.abort()
      })
      const reverse = flagOf(query.reverse, 'reverse')
      const entries = reader.scanIter(range, { limit, reverse, signal: gone.signal })
      async function* lines(): AsyncGenerator<string> {
        await using scan = entries
        let block = ''
        try {
          for await (const chunk of scan.chunks()) {
            for (let i = 0; i < chunk.count; i++) {
              const key = JSON.stringify(keyFields(chunk.key(i), facts)).slice(0, -1)
              block += keysOnly
                ? `${key}}\n`
                : `${key},${valueMember(chunk.value(i), values, facts)}}\n`
              if (block.length < BLOCK_CHARACTERS) continue
              yield block
              block = ''
            }
          }
        } catch (error) {
          if (gone.signal.aborted) return
          const { code, message, isRequest } = describeFailure(error)
          if (!isRequest)
            log({
              level: 'error',
              event: 'scan-failed',
              message: 'a scan failed',
              ...errorFields(error),
            })
          // The last line says that the scan is not complete.
          block += `${JSON.stringify(problem(code, message))}\n`
        }
        if (block !== '') yield block
      }
      return reply.type('application/x-ndjson').send(Readable.from(lines(), { highWaterMark: 1 }))
    })
  }
}

function limitOf(text: string | undefined, max: number): number {
  if (text === undefined) return Math.min(DEFAULT_LIMIT, max)
  const limit = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (limit >= 1 && limit <= max) return limit
  throw new Refusal(
    'BAD_REQUEST',
    `limit must be an integer from 1 to ${max} (entries), got ${JSON.stringify(text.slice(0, 40))}`,
  )
}

function flagOf(text: string | undefined, name: string): boolean {
  if (text === undefined || text === 'false') return false
  if (text === 'true' || text === '') return true
  throw new Refusal(
    'BAD_REQUEST',
    `${name} must be true or false, got ${JSON.stringify(text.slice(0, 40))}`,
  )
}
