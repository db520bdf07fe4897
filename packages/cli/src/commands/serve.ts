import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type {
  DatabaseOptions,
  LogEntry,
  ServedDatabase,
  ServeOptions,
  Server,
} from '@shardyfusion/serve'
import { cacheOptions, connectionOptions, openOptions } from '../config/open-options.js'
import { parseSetting } from '../config/parse-setting.js'
import { SETTINGS_BY_NAME } from '../config/setting-list.js'
import { printableJson } from '../output/table.js'
import { formatCount } from '../output/units.js'
import type { Context } from '../session/context.js'
import { registerEngines } from '../session/library.js'
import { parseDuration } from '../util/duration.js'
import { EXIT } from '../util/exit-codes.js'
import { UsageError } from '../util/usage-error.js'
import type { Call } from './command.js'

interface Options {
  readonly host?: string
  readonly http: boolean
  readonly httpPort?: number
  readonly redis: boolean
  readonly redisPort?: number
  readonly tokenFile?: string
  readonly refresh?: string
  readonly grace?: string
  readonly replyCacheBytes?: number
  readonly maxConnections?: number
}

/** Extra time after `--grace` in which the process ends, even if storage does not answer. */
const EXIT_MS = 5000

export async function run({ context, args, options }: Call<Options>): Promise<number> {
  const { serve } = await import('@shardyfusion/serve')
  const graceMs = parseDuration(options.grace ?? '10s', 'serve: --grace')
  const asked = serveOptions(context, args, options, Math.max(1, graceMs))
  await registerEngines()
  const stop = stopSignal()
  const server = await serve(asked)
  announce(context, server)
  const name = await stop
  entry(context, { level: 'info', event: 'stopping', message: `stopping after ${name}` })
  // A second signal ends the process at once.
  setTimeout(() => process.exit(EXIT.failure), graceMs + EXIT_MS).unref()
  await server.close()
  return EXIT.ok
}

function serveOptions(
  context: Context,
  args: readonly string[],
  options: Options,
  graceMs: number,
): ServeOptions {
  const { host, http, httpPort, redis, redisPort, refresh, replyCacheBytes } = options
  return {
    databases: databasesOf(context, args),
    ...(host !== undefined && { host }),
    http: http && (httpPort === undefined ? {} : { port: httpPort }),
    redis: redis && (redisPort === undefined ? {} : { port: redisPort }),
    token: tokenOf(options.tokenFile),
    values: valuesOf(context),
    refreshMs: parseDuration(refresh ?? '10s', 'serve: --refresh'),
    ...(replyCacheBytes !== undefined && { replyCacheBytes }),
    limits: {
      graceMs,
      ...(options.maxConnections !== undefined && { maxConnections: options.maxConnections }),
    },
    log: (line) => entry(context, line),
  }
}

/** The snapshots of the arguments, else that of the settings. */
function databasesOf(context: Context, args: readonly string[]): DatabaseOptions[] {
  const { settings, parts, session } = context
  session.requireCurrent('serve')
  const common = {
    ...connectionOptions(settings, parts),
    cache: cacheOptions(settings),
    shardUrls: settings.text('shard-urls') as 'below' | 'any' | 'rebase' | undefined,
  }
  if (args.length === 0) return [{ ...common, ...openOptions(settings, parts) }]
  if (parts.catalog !== undefined && args.length > 1)
    throw new UsageError(
      `serve: expected one location with a catalog, which belongs to one prefix, got ${args.length}`,
    )
  const prefix = SETTINGS_BY_NAME.get('prefix')!
  return args.map((text) => {
    const [head, name] = /^([A-Za-z0-9_.-]{1,64})=/.exec(text) ?? ['']
    const rest = text.slice(head.length)
    const location = parseSetting(prefix, rest, 'serve', process.cwd()) as string
    return {
      ...common,
      catalog: parts.catalog,
      prefix: location,
      ...(name !== undefined && { name }),
    }
  })
}

function tokenOf(file: string | undefined): string | undefined {
  const given = process.env['SHARDY_SERVE_TOKEN']
  if (file === undefined) return given === '' ? undefined : given
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new UsageError(`--token-file: ${(cause as Error).message}`, { cause })
  }
}

/** The form of values in JSON, in the words of `serve`. */
function valuesOf({ valuesAs }: Context): ServeOptions['values'] {
  const values = {
    auto: 'auto',
    text: 'utf8',
    json: 'json',
    base64: 'bytes',
    hex: undefined,
  } as const
  const found = values[valuesAs]
  if (found !== undefined) return found
  throw new UsageError('serve: --values must be auto, text, json or base64, got hex')
}

/** Resolves to the name of the first signal that ends the server. */
async function stopSignal(): Promise<string> {
  const ended = new AbortController()
  const names = ['SIGINT', 'SIGTERM'] as const
  const waits = names.map(async (name) => {
    await once(process, name, { signal: ended.signal })
    return name
  })
  for (const wait of waits) wait.catch(() => {})
  try {
    return await Promise.race(waits)
  } finally {
    ended.abort()
  }
}

function announce(context: Context, server: Server): void {
  const { http, redis, databases } = server
  if (isJson(context)) {
    context.printer.write(
      `${printableJson(JSON.stringify({ level: 'info', event: 'listening', http, redis, databases }))}\n`,
    )
    context.flush()
    return
  }
  const lines = databases.map(
    (database) =>
      `serving ${shownName(database)}: ${shownContent(database)}, run ${database.runId}`,
  )
  const isKeyed = databases.some(({ keyEncoding }) => keyEncoding !== undefined)
  if (redis !== undefined)
    lines.push(
      `${redis.url}   ${isKeyed ? `try: redis-cli -p ${redis.port} SCAN 0` : 'has no search; use HTTP'}`,
    )
  if (http !== undefined)
    lines.push(`${http.url}    try: curl ${http.url}/v1/${isKeyed ? 'scan?limit=3' : 'info'}`)
  lines.push('Ctrl-C stops.')
  context.printer.write(`${lines.join('\n')}\n`)
  context.flush()
}

function shownName({ index, name }: ServedDatabase): string {
  return String(index) === name ? name : `${index} (${name})`
}

function shownContent({ rowCount, keyEncoding, vectors }: ServedDatabase): string {
  const count = formatCount(rowCount)
  const form = vectors && `${vectors.dimensions} dimensions, ${vectors.metric}`
  if (keyEncoding === undefined) return `${count} vectors without keys, ${form}`
  const rows = `${count} rows, ${keyEncoding} keys`
  return form === undefined ? rows : `${rows}, vectors of ${form}`
}

/** Prints an event: on stdout as JSON, otherwise on stderr as text. */
function entry(context: Context, line: LogEntry): void {
  if (isJson(context)) {
    const time = new Date().toISOString()
    context.printer.write(`${printableJson(JSON.stringify({ time, ...line }))}\n`)
    context.flush()
    return
  }
  const { level, event: _event, message, ...fields } = line
  const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`)
  const paint = level === 'info' ? 'dim' : level === 'warn' ? 'yellow' : 'red'
  context.writeErr(`${context.paint(paint, `${level}:`)} ${message}${facts.join('')}\n`)
}

function isJson({ chosenFormat }: Context): boolean {
  return chosenFormat === 'json' || chosenFormat === 'ndjson'
}
