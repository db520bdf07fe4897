import type { AddressInfo } from 'node:net'
import { fastify, type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify'
import { describeFailure } from '../failure.js'
import { errorFields } from '../log.js'
import { isLoopback } from '../loopback.js'
import { addHealth } from './health.js'
import { endWhenIdle } from './http-connections.js'
import { addItems } from './items.js'
import { type HttpParts, problem } from './parts.js'
import { addScan } from './scan.js'
import { addSearch } from './search.js'

/** Serves databases over HTTP. */
export class HttpServer {
  readonly #app: FastifyInstance
  /** No longer ready: the server is about to close. */
  isClosing = false

  constructor(parts: HttpParts) {
    const { limits, counters } = parts
    this.#app = fastify({
      logger: false,
      bodyLimit: limits.maxRequestBytes,
      // A percent-encoded byte takes three characters.
      routerOptions: { maxParamLength: 3 * limits.maxKeyBytes },
      requestTimeout: limits.requestMs,
      connectionTimeout: limits.stallMs,
      keepAliveTimeout: limits.idleMs,
      forceCloseConnections: 'idle',
      return503OnClosing: true,
      // Reject a key that is a JSON number: it may have lost digits.
      ajv: { customOptions: { coerceTypes: false } },
    })
    const app = this.#app
    app.server.maxConnections = limits.maxConnections
    app.server.on('connection', (socket) => {
      counters.accepted.http++
      counters.connections.http++
      socket.on('close', () => counters.connections.http--)
    })
    app.server.on('drop', () => counters.refused.http++)
    endWhenIdle(app.server)
    addErrors(app, parts)
    addAccess(app, parts)
    app.addHook('onResponse', (request, reply, done) => {
      counters.request(request.routeOptions.url ?? 'unknown')
      if (reply.statusCode >= 400) counters.errors.http++
      done()
    })
    addItems(app, parts)
    addScan(app, parts)
    addSearch(app, parts)
    addHealth(app, parts, () => this.isClosing)
  }

  get port(): number {
    return (this.#app.server.address() as AddressInfo | null)?.port ?? 0
  }

  async listen(host: string, port: number): Promise<void> {
    await this.#app.listen({ host, port, listenTextResolver: () => '' })
  }

  /** Accepts no more requests, finishes running ones, and ends every connection after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.isClosing = true
    const overdue = setTimeout(() => this.#app.server.closeAllConnections(), graceMs)
    await this.#app.close()
    clearTimeout(overdue)
  }
}

/** Paths without a token, for probes: they say nothing about the snapshot. */
const OPEN_PATHS = ['/live', '/ready']

function addAccess(app: FastifyInstance, { token, host }: HttpParts): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (OPEN_PATHS.includes(request.url)) return done()
    if (token === undefined) {
      // A page of a browser could reach this address under another name (DNS rebinding).
      const name = hostOf(request)
      if (isLoopback(host) && !isLoopback(name)) {
        const text = `the host must be a loopback address, got ${JSON.stringify(name.slice(0, 100))}`
        return void reply.code(403).send(problem('FORBIDDEN', text))
      }
      return done()
    }
    const [, given] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (given !== undefined && token.matches(given)) return done()
    return void reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send(problem('UNAUTHORIZED', 'expected the header "Authorization: Bearer <token>"'))
  })
}

function hostOf({ headers }: FastifyRequest): string {
  const { host = '' } = headers
  return host.replace(/:\d+$/, '')
}

/** Sends all errors in one form: a code for programs and a message for people. */
function addErrors(app: FastifyInstance, { log }: HttpParts): void {
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send(problem('NO_ROUTE', 'the path does not exist; try /v1/info or /v1/items/<key>')),
  )
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const { statusCode } = error
    if (typeof statusCode === 'number' && statusCode < 500)
      return reply.code(statusCode).send(problem(error.code ?? 'BAD_REQUEST', error.message))
    const { code, message, isRequest, isRetryable } = describeFailure(error)
    if (!isRequest)
      log({
        level: 'error',
        event: 'request-failed',
        message: 'a request failed',
        ...errorFields(error),
      })
    if (isRetryable) reply.header('retry-after', '1')
    const status = isRetryable ? 503 : statusOf(code, isRequest)
    return reply.code(status).send(problem(code, message))
  })
}

function statusOf(code: string, isRequest: boolean): number {
  if (code === 'SHARD_INVALID_VALUE') return 422
  if (code === 'NOT_FOUND' || code === 'NO_DATABASE') return 404
  return isRequest ? 400 : 500
}
