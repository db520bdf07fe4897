import { STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import {
  fastify,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { describeFailure } from '../failure.js'
import { errorFields } from '../log.js'
import { isLoopback } from '../loopback.js'
import { createHttpServer } from './create-server.js'
import { addHealth } from './health.js'
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
      serverFactory: (handler) => createHttpServer(handler, limits),
      forceCloseConnections: 'idle',
      return503OnClosing: true,
      frameworkErrors: (error, _request, reply: FastifyReply) =>
        void reply.code(error.statusCode ?? 400).send(problem(error.code, error.message)),
      clientErrorHandler: refuseBytes,
      // Reject a key that is a JSON number: it may have lost digits.
      ajv: { customOptions: { coerceTypes: false } },
    })
    const app = this.#app
    app.server.on('connection', (socket) => {
      counters.accepted.http++
      counters.connections.http++
      socket.on('close', () => counters.connections.http--)
    })
    app.server.on('drop', () => counters.refused.http++)
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
    if (isAmbiguous(request))
      return void reply
        .code(400)
        .send(problem('BAD_REQUEST', 'expected one header "host", got several'))
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

/** Another program in front of this one may take another of the hosts. */
function isAmbiguous({ raw }: FastifyRequest): boolean {
  let hosts = 0
  for (let i = 0; i < raw.rawHeaders.length; i += 2)
    if (raw.rawHeaders[i]!.length === 4 && raw.rawHeaders[i]!.toLowerCase() === 'host') hosts++
  return hosts > 1
}

/** The host of the address, if it is absolute, goes before that of the header. */
function hostOf({ raw: { url = '' }, headers }: FastifyRequest): string {
  const [, host = headers.host ?? ''] = /^\w+:\/\/([^/?#]*)/.exec(url) ?? []
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

const STATUS_OF_BYTES: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
}

/** Answers bytes that are not a request of HTTP, and ends the connection. */
function refuseBytes(
  { code = 'BAD_REQUEST' }: { code?: string | undefined },
  socket: Socket,
): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = STATUS_OF_BYTES[code] ?? 400
  const body = JSON.stringify(problem(code, 'the request is not HTTP/1.1, too large or too slow'))
  const type = 'content-type: application/json; charset=utf-8'
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${type}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function statusOf(code: string, isRequest: boolean): number {
  if (code === 'SHARD_INVALID_VALUE') return 422
  if (code === 'NOT_FOUND' || code === 'NO_DATABASE') return 404
  return isRequest ? 400 : 500
}
