import { invalidOption } from '@shardyfusion/core/internal'
import { prometheusMetrics, type PrometheusMetrics } from '@shardyfusion/telemetry/prometheus'
import { Registry } from 'prom-client'
import { Counters } from './counters.js'
import { Database, type ServedVectors } from './database.js'
import { Deadlines } from './deadlines.js'
import { HttpServer } from './http/http-server.js'
import type { Log } from './log.js'
import { metricsText } from './metrics.js'
import { parseServeOptions, type ParsedServeOptions, type ServeOptions } from './options.js'
import { RespServer } from './resp/resp-server.js'
import { ScanLimit } from './scan-limit.js'
import { Token } from './token.js'

/** A listening protocol. */
export interface Endpoint {
  /** Address that the server listens on. */
  readonly host: string
  /** Port that the server listens on. */
  readonly port: number
  /** For example `http://127.0.0.1:8080` or `redis://127.0.0.1:6380`. */
  readonly url: string
}

/** Facts about a served database. */
export interface ServedDatabase {
  /** Number of the database in the Redis protocol. */
  readonly index: number
  /** Name of the database in addresses. */
  readonly name: string
  /** Id of the run. */
  readonly runId: string
  /** Rows that were written, repeated keys included. */
  readonly rowCount: number
  /** How keys are stored; `undefined` for vectors without keys. */
  readonly keyEncoding: string | undefined
  /** The vectors of the snapshot, if it has any. */
  readonly vectors: ServedVectors | undefined
}

/** A running server. */
export interface Server extends AsyncDisposable {
  /** Where HTTP is served, if it is. */
  readonly http: Endpoint | undefined
  /** Where the Redis protocol is served, if it is. */
  readonly redis: Endpoint | undefined
  /** The snapshots that are served. */
  readonly databases: readonly ServedDatabase[]
  /** Metrics of the server and its readers in the text format of Prometheus, as `/metrics` returns them. */
  metrics(): Promise<string>
  /**
   * Accepts no more requests, finishes running ones within `limits.graceMs`, and closes the readers.
   * May be called again.
   */
  close(): Promise<void>
}

const WHERE = 'serve'

/**
 * Serves snapshots, read-only, over HTTP and the Redis protocol, and follows publications.
 *
 * Every request sees one whole snapshot. Resolves when all databases are open and all ports listen.
 * Errors: SHARD_INVALID_OPTION, also for an address it cannot listen on; those of
 * `SnapshotReader.open`.
 *
 * @example
 * await using server = await serve({ databases: [{ prefix: 'file:///data/prices' }] })
 * console.log(server.redis?.url)
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const parsed = parseServeOptions(options, WHERE)
  const log: Log = parsed.log ?? (() => {})
  const databases: Database[] = []
  let running: Running | undefined
  try {
    for (const [index, database] of parsed.databases.entries())
      databases.push(await Database.open(database, index, { ...parsed, log }))
    running = new Running(parsed, databases, log)
    await running.listen()
    return running
  } catch (error) {
    await running?.abandon()
    await Promise.all(databases.map(({ anyReader }) => anyReader.close()))
    throw error
  }
}

function cannotListen(place: string, cause: unknown): unknown {
  const problems: Record<string, string> = {
    EADDRINUSE: `${place} is in use; pass another port, or 0 for a free one`,
    EACCES: `${place} needs the rights of an administrator; pass a port of 1024 or more`,
    EADDRNOTAVAIL: `${place} is not an address of this machine; pass another host`,
    ENOTFOUND: `${place} has no address; pass another host`,
  }
  const problem = problems[(cause as NodeJS.ErrnoException).code ?? '']
  return problem === undefined ? cause : invalidOption(WHERE, problem, { cause })
}

class Running implements Server {
  readonly #options: ParsedServeOptions
  readonly #databases: readonly Database[]
  readonly #log: Log
  readonly #http: HttpServer | undefined
  readonly #redis: RespServer | undefined
  readonly #readerMetrics: PrometheusMetrics
  readonly #metrics: () => Promise<string>
  #closing: Promise<void> | undefined

  constructor(options: ParsedServeOptions, databases: readonly Database[], log: Log) {
    this.#options = options
    this.#databases = databases
    this.#log = log
    const { limits, host, values } = options
    const counters = new Counters()
    const scans = new ScanLimit(limits.maxScans, limits.scanMs)
    const token = options.token === undefined ? undefined : new Token(options.token)
    const parts = { databases, limits, counters, scans, token, log }
    if (options.redis !== undefined) this.#redis = new RespServer(parts)
    const commands = this.#redis?.commands ?? new Map<string, never>()
    this.#readerMetrics = prometheusMetrics({
      registry: new Registry(),
      // A prefix is a location, which clients must not see.
      prefixLabel: (prefix) => databases.find((one) => one.prefix === prefix)?.name ?? 'other',
    })
    this.#metrics = async () =>
      metricsText({ ...parts, commands: commands.values() }) + (await this.#readerMetrics.text())
    if (options.http !== undefined) {
      const deadlines = new Deadlines(limits.requestMs)
      this.#http = new HttpServer({ ...parts, deadlines, host, values, metrics: this.#metrics })
    }
  }

  async listen(): Promise<void> {
    const { host, http, redis } = this.#options
    const listen = async (name: string, port: number, server: HttpServer | RespServer) => {
      try {
        await server.listen(host, port)
      } catch (error) {
        throw cannotListen(`${name}.port ${port} of ${host}`, error)
      }
    }
    if (http !== undefined) await listen('http', http.port, this.#http!)
    if (redis !== undefined) await listen('redis', redis.port, this.#redis!)
  }

  get http(): Endpoint | undefined {
    return this.#http && this.#endpoint('http', this.#http.port)
  }

  get redis(): Endpoint | undefined {
    return this.#redis && this.#endpoint('redis', this.#redis.port)
  }

  get databases(): readonly ServedDatabase[] {
    return this.#databases.map((database) => {
      const { index, name, hasKeys } = database
      const { runId, rowCount, keyEncoding } = database.current()
      const vectors = database.vectors()
      return {
        index,
        name,
        runId,
        rowCount,
        keyEncoding: hasKeys ? keyEncoding : undefined,
        vectors,
      }
    })
  }

  metrics(): Promise<string> {
    return this.#metrics()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Stops both protocols; the readers stay open. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all([this.#http?.close(graceMs), this.#redis?.close(graceMs)])
  }

  /** Stops what has started, after a failure. */
  async abandon(): Promise<void> {
    this.#readerMetrics.close()
    await this.stop(0)
  }

  async #close(): Promise<void> {
    await this.stop(this.#options.limits.graceMs)
    this.#readerMetrics.close()
    await Promise.all(this.#databases.map(({ anyReader }) => anyReader.close()))
    this.#log({ level: 'info', event: 'closed', message: 'the server is closed' })
  }

  #endpoint(scheme: string, port: number): Endpoint {
    const { host } = this.#options
    const shown = host.includes(':') ? `[${host}]` : host
    return { host, port, url: `${scheme}://${shown}:${port}` }
  }
}
