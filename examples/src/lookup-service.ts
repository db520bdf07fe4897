// Serves a snapshot of JSON values over HTTP: node examples/dist/lookup-service.js --prefix ./demo/cities
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { isShardyfusionError, SnapshotReader } from '@shardyfusion/core'
import { type PrometheusMetrics, prometheusMetrics } from '@shardyfusion/telemetry/prometheus'
import { fastify, type FastifyError, type FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { parseCommandLine, toPrefix, wholeNumber } from './support/command-line.js'
import { inBlocks } from './support/in-blocks.js'
import { BadKey, keyFromText, keyToText } from './support/json-keys.js'
import { type Main, type Output, runIfMain, usageFailure } from './support/program.js'

const USAGE = `Usage: lookup-service --prefix <where> [options]

  GET  /v1/items/:key                   one value; 404 if the key does not exist
  POST /v1/items:batch {"keys": [...]}  up to 1,000 values, in the order of the keys
  GET  /v1/scan?start&end&limit         up to 100,000 entries (1,000 by default) as lines of JSON, in key
                                        order, end excluded; 503 while too many scans are running
  GET  /health                          the served snapshot, and its age
  GET  /metrics                         metrics for Prometheus

  --prefix <where>         a file:///… URL or a folder
  --host <address>         address to listen on (default 127.0.0.1)
  --port <n>               port, 0 for any free one (default 8080)
  --refresh-seconds <n>    interval between refreshes (default 10)
  --grace-seconds <n>      time limit of running requests after SIGTERM (default 10)
  --max-scans <n>          maximum number of concurrent scans (default 32)
  --scan-seconds <n>       time limit of one scan (default 300)
  --stall-seconds <n>      time limit for a client that reads nothing (default 30)`

const MAX_BATCH_KEYS = 1000

export interface ServiceOptions {
  readonly prefix: string
  readonly host?: string
  readonly port?: number
  readonly refreshMs?: number
  readonly graceMs?: number
  /** Maximum number of concurrent scans. Each holds a snapshot open and buffers some chunks. */
  readonly maxScans?: number
  /** Time limit of one scan, also for a slow client. */
  readonly scanMs?: number
  /** Idle time limit of a connection. */
  readonly stallMs?: number
  /** Destination of JSON log lines; no log by default. */
  readonly log?: Output
}

export interface LookupService {
  /** For example http://127.0.0.1:8080 */
  readonly url: string
  /** Stops accepting requests, waits up to `graceMs` for running ones, and closes the reader. */
  close(): Promise<void>
}

type JsonReader = SnapshotReader<unknown, 'decoded'>

export async function startService(options: ServiceOptions): Promise<LookupService> {
  const { prefix, host = '127.0.0.1', port = 0, refreshMs = 10_000, graceMs = 10_000 } = options
  const app = fastify({
    logger: options.log === undefined ? false : { stream: options.log },
    // Keys may be longer than Fastify's default limit of 100 characters. Slow senders are disconnected.
    routerOptions: { maxParamLength: 4096 },
    requestTimeout: 30_000,
    // A client that reads nothing would hold a scan and its buffers.
    connectionTimeout: options.stallMs ?? 30_000,
    // Reject a key that is a JSON number: it may have lost digits.
    ajv: { customOptions: { coerceTypes: false } },
  })
  // A registry for each service: the global one has room for one.
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  // Before the reader, so that its opening is measured.
  const metrics = prometheusMetrics({ registry })
  const reader = await SnapshotReader.open({
    prefix,
    values: 'json',
    keys: 'decoded',
    // After a failed refresh the reader stays on its snapshot.
    autoRefresh: {
      everyMs: refreshMs,
      onMove: ({ runId }) => app.log.info({ runId }, 'serving a new snapshot'),
      onError: (error) => app.log.warn(error, 'refresh failed; serving the previous snapshot'),
    },
  }).catch((error: unknown) => {
    metrics.close()
    throw error
  })
  addErrors(app)
  addItems(app, reader)
  addScan(app, reader, options)
  addHealth(app, reader)
  addMetrics(app, metrics)
  let url: string
  try {
    url = await app.listen({ host, port })
  } catch (error) {
    metrics.close()
    await reader.close()
    throw error
  }
  return {
    url,
    async close() {
      const overdue = setTimeout(() => app.server.closeAllConnections(), graceMs)
      await app.close()
      clearTimeout(overdue)
      await reader.close()
      metrics.close()
    },
  }
}

function addItems(app: FastifyInstance, reader: JsonReader): void {
  app.get<{ Params: { key: string } }>('/v1/items/:key', async (request, reply) => {
    const { key } = request.params
    const value = await reader.get(keyFromText(key, reader.keyEncoding))
    if (value === undefined)
      return reply.code(404).send(problem('NOT_FOUND', 'the key does not exist'))
    return { key, value }
  })

  const body = {
    type: 'object',
    required: ['keys'],
    properties: {
      keys: { type: 'array', maxItems: MAX_BATCH_KEYS, items: { type: 'string' } },
    },
  } as const
  type Batch = { Body: { keys: string[] } }
  // Two colons escape one: a single colon starts a parameter.
  app.post<Batch>('/v1/items::batch', { schema: { body } }, async (request) => {
    const { keys } = request.body
    const values = await reader.getMany(keys.map((key) => keyFromText(key, reader.keyEncoding)))
    // Missing keys are omitted: JSON has no undefined, and null may be a value.
    return {
      items: keys.map((key, i) => ({ key, found: values[i] !== undefined, value: values[i] })),
    }
  })
}

function addScan(
  app: FastifyInstance,
  reader: JsonReader,
  { maxScans = 32, scanMs = 300_000 }: ServiceOptions,
): void {
  let scans = 0
  const querystring = {
    type: 'object',
    properties: {
      start: { type: 'string' },
      end: { type: 'string' },
      // 1 to 100,000
      limit: { type: 'string', pattern: '^([1-9][0-9]{0,4}|100000)$', default: '1000' },
    },
  } as const
  type Query = { start?: string; end?: string; limit: string }
  app.get<{ Querystring: Query }>('/v1/scan', { schema: { querystring } }, (request, reply) => {
    const { start, end } = request.query
    const limit = Number(request.query.limit)
    const bound = (text?: string) =>
      text === undefined ? undefined : keyFromText(text, reader.keyEncoding)
    const range = { start: bound(start), end: bound(end) }
    if (scans >= maxScans) {
      return reply
        .code(503)
        .header('retry-after', '1')
        .send(problem('BUSY', `${maxScans} scans are running; retry later`))
    }
    scans++
    const gone = new AbortController()
    // The status has already been sent, so a scan that takes too long can only be aborted.
    const overdue = setTimeout(() => reply.raw.destroy(), scanMs)
    reply.raw.once('close', () => {
      scans--
      clearTimeout(overdue)
      gone.abort()
    })
    async function* lines(): AsyncGenerator<string> {
      let entries = 0
      try {
        for await (const [key, value] of reader.scanIter(range, { limit, signal: gone.signal })) {
          yield `${JSON.stringify({ key: keyToText(key), value })}\n`
          entries++
        }
      } finally {
        request.log.info({ entries, clientGone: gone.signal.aborted }, 'scan ended')
      }
    }
    // The stream requests the next block only after the client has read the previous ones.
    return reply
      .type('application/x-ndjson')
      .send(Readable.from(inBlocks(lines()), { highWaterMark: 1 }))
  })
}

function addHealth(app: FastifyInstance, reader: JsonReader): void {
  app.get('/health', async (_request, reply) => {
    // The reason contains storage locations, so it is only logged.
    const { status, ageMs } = reader.health()
    if (status === 'unhealthy') return reply.code(503).send({ status })
    const { runId, publishedAt, rowCount, shards, fellBack } = reader.info()
    const ageSeconds = Math.round(ageMs / 1000)
    return { status, fellBack, runId, publishedAt, ageSeconds, rowCount, shards }
  })
}

function addMetrics(app: FastifyInstance, metrics: PrometheusMetrics): void {
  app.get('/metrics', { logLevel: 'warn' }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}

/** Sends all errors in one form: a code for programs and a message for people. */
function addErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(problem('NO_ROUTE', 'the address does not exist')),
  )
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { message, code } = error
    if (error instanceof BadKey) return reply.code(400).send(problem('SHARD_INVALID_KEY', message))
    if (isShardyfusionError(error)) {
      if (code === 'SHARD_INVALID_KEY') return reply.code(400).send(problem(code, message))
      request.log.error(error, 'lookup failed')
      const status = error.retryable ? 503 : 500
      return reply.code(status).send(problem(code, 'the snapshot could not be read'))
    }
    const { statusCode = 500 } = error
    if (statusCode < 500) return reply.code(statusCode).send(problem(code, message))
    request.log.error(error, 'request failed')
    return reply.code(statusCode).send(problem('INTERNAL', 'internal error'))
  })
}

function problem(code: string, message: string) {
  return { error: { code, message } }
}

export const main: Main = async (args, { stdout, signal }) => {
  const options = {
    prefix: { type: 'string' },
    host: { type: 'string' },
    port: { type: 'string' },
    'refresh-seconds': { type: 'string' },
    'grace-seconds': { type: 'string' },
    'max-scans': { type: 'string' },
    'scan-seconds': { type: 'string' },
    'stall-seconds': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const
  const { values } = parseCommandLine({ args, options }, USAGE)
  if (values.help) {
    stdout.write(`${USAGE}\n`)
    return
  }
  if (values.prefix === undefined) throw usageFailure('--prefix is required', USAGE)
  const number = (
    name: 'port' | `${'refresh' | 'grace' | 'scan' | 'stall'}-seconds` | 'max-scans',
    fallback: number,
  ) => wholeNumber(values[name], fallback, name, USAGE)
  const graceMs = number('grace-seconds', 10) * 1000
  const service = await startService({
    prefix: toPrefix(values.prefix),
    ...(values.host === undefined ? {} : { host: values.host }),
    port: number('port', 8080),
    refreshMs: number('refresh-seconds', 10) * 1000,
    graceMs,
    maxScans: number('max-scans', 32),
    scanMs: number('scan-seconds', 300) * 1000,
    stallMs: number('stall-seconds', 30) * 1000,
    log: stdout,
  })
  if (!signal.aborted) await once(signal, 'abort')
  // Unresponsive storage must not keep the process alive.
  setTimeout(() => process.exit(1), graceMs + 5000).unref()
  await service.close()
}

await runIfMain(import.meta.url, main)
