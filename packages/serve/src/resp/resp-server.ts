import { createServer, type Server, type Socket } from 'node:net'
import type { Counters } from '../counters.js'
import type { Database } from '../database.js'
import { Deadlines } from '../deadlines.js'
import { errorFields, type Log } from '../log.js'
import type { ServeLimits } from '../options.js'
import type { ScanLimit } from '../scan-limit.js'
import type { Token } from '../token.js'
import type { Command, RespHost } from './client.js'
import { CONNECTION_COMMANDS } from './connection-commands.js'
import { Connection } from './connection.js'
import { READ_COMMANDS } from './read-commands.js'
import { ReplyBuffer } from './reply-buffer.js'
import type { RequestLimits } from './request-parser.js'
import { ScanCursors } from './scan-cursors.js'

/** Time in which a failure is logged once: an outage of storage fails every command. */
const LOG_MS = 1000
/** How often limits of time are checked. */
const SWEEP_MS = 500
/** Time that a client has to close its side after the last reply. */
const LINGER_MS = 2000

export interface RespServerParts {
  readonly databases: readonly Database[]
  readonly limits: ServeLimits
  readonly counters: Counters
  readonly scans: ScanLimit
  readonly token: Token | undefined
  readonly log: Log
}

/** Serves databases in the Redis protocol. */
export class RespServer implements RespHost {
  readonly databases: readonly Database[]
  readonly limits: ServeLimits
  readonly requestLimits: RequestLimits
  readonly counters: Counters
  readonly scans: ScanLimit
  readonly token: Token | undefined
  readonly deadlines: Deadlines
  readonly cursors = new ScanCursors()
  readonly commands = new Map<string, Command>()
  readonly out = new ReplyBuffer()
  now = Date.now()
  readonly #log: Log
  readonly #get: Command
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  #lastId = 0
  #lastFailure = ''
  #failedAt = 0
  /** Number of failures like the last one that were not logged. */
  #repeated = 0
  #sweeper: NodeJS.Timeout | undefined

  constructor(parts: RespServerParts) {
    const { databases, limits, counters, scans, token, log } = parts
    this.databases = databases
    this.limits = limits
    this.counters = counters
    this.scans = scans
    this.token = token
    this.#log = log
    this.deadlines = new Deadlines(limits.requestMs)
    this.requestLimits = {
      requestBytes: limits.maxRequestBytes,
      // One more than a command may have keys, so that the command can say what is wrong.
      words: Math.max(16, 2 * limits.maxKeys),
      wordBytes: limits.maxKeyBytes,
    }
    for (const spec of [...READ_COMMANDS, ...CONNECTION_COMMANDS])
      this.commands.set(spec.name, { ...spec, calls: 0 })
    this.#get = this.commands.get('get')!
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
  }

  /** The port that it listens on. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#server.on('error', (error) => this.logFailure(error))
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS)
    this.#sweeper.unref()
  }

  /** Accepts no more connections, finishes running commands, and ends every connection after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of this.#connections) connection.finish()
    const overdue = setTimeout(() => {
      for (const { socket } of this.#connections) socket.destroy()
    }, graceMs)
    await closed
    clearTimeout(overdue)
    clearInterval(this.#sweeper)
  }

  commandOf(bytes: Buffer, from: number, to: number): Command | undefined {
    if (to - from === 3) {
      const isGet =
        (bytes[from]! | 32) === 103 &&
        (bytes[from + 1]! | 32) === 101 &&
        (bytes[from + 2]! | 32) === 116
      if (isGet) return this.#get
    }
    return this.commands.get(bytes.toString('latin1', from, Math.min(to, from + 64)).toLowerCase())
  }

  /** Logs a failure; the same one at most once a second, with the number of those left out. */
  logFailure(error: unknown): void {
    const fields = errorFields(error)
    const same = `${fields.code} ${fields.reason}`
    if (same === this.#lastFailure && this.now - this.#failedAt < LOG_MS) {
      this.#repeated++
      return
    }
    const repeated = this.#repeated
    this.#lastFailure = same
    this.#failedAt = this.now
    this.#repeated = 0
    const more = repeated > 0 ? { repeated } : {}
    const message = 'a request failed'
    this.#log({ level: 'error', event: 'request-failed', message, ...fields, ...more })
  }

  #accept(socket: Socket): void {
    const { counters, limits } = this
    // A client that resets its connection is not a failure of the server.
    socket.on('error', () => socket.destroy())
    if (this.#connections.size >= limits.maxConnections) {
      counters.refused.redis++
      socket.end('-ERR max number of clients reached\r\n', () => socket.destroySoon())
      return
    }
    counters.accepted.redis++
    const connection = new Connection(this, socket, ++this.#lastId)
    this.#connections.add(connection)
    counters.connections.redis++
    socket.on('close', () => {
      this.#connections.delete(connection)
      counters.connections.redis--
    })
  }

  /** Ends connections that exceed a limit of time. */
  #sweep(): void {
    const now = (this.now = Date.now())
    const { idleMs, requestMs, stallMs } = this.limits
    for (const {
      socket,
      endedAt,
      stalledSince,
      insideSince,
      isBusy,
      lastUsedAt,
    } of this.#connections) {
      const isOver =
        (endedAt > 0 && now - endedAt > LINGER_MS) ||
        (stalledSince > 0 && now - stalledSince > stallMs) ||
        (!isBusy && insideSince > 0 && now - insideSince > requestMs) ||
        (!isBusy && now - lastUsedAt > idleMs)
      if (isOver) socket.destroy()
    }
  }
}
