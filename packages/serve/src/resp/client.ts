import type { Counters } from '../counters.js'
import type { Database } from '../database.js'
import type { Deadlines } from '../deadlines.js'
import type { ServeLimits } from '../options.js'
import type { ScanLimit } from '../scan-limit.js'
import type { Token } from '../token.js'
import type { Question } from './lookup-batch.js'
import type { Protocol, ReplyBuffer } from './reply-buffer.js'
import type { RequestLimits } from './request-parser.js'
import type { ScanCursors } from './scan-cursors.js'

/** Work of a command that waits; returns what writes its reply. */
export type Task = () => Promise<() => void>

/** A connection, as commands see it: the words of one command, and its reply. */
export interface Client {
  readonly host: RespHost
  readonly id: number
  /** Address and port of the other end. */
  readonly address: string
  readonly startedAt: number
  readonly out: ReplyBuffer
  protocol: Protocol
  database: Database
  /** The name that the client chose; may be empty. */
  name: string
  /** True if the client needs no token, or has sent the right one. */
  isAllowed: boolean
  /** Number of words of the command, with its name. */
  readonly words: number
  word(i: number): Buffer
  text(i: number): string
  /** The same in lower case, for names of commands and options. */
  option(i: number): string
  /** Answers a question about words `first … last`. */
  lookUp(question: Question, first: number, last: number): void
  /** Makes `task` run after the replies of earlier commands, and before later commands. */
  later(task: Task): void
  /** Writes an error; `text` starts with its kind: `ERR …`. */
  refuse(text: string): void
  /** Returns true for the right token; several wrong ones end the connection. */
  authenticate(token: string): boolean
  /** Returns to the state of a new connection. */
  reset(): void
  /** Ends the connection after the last reply. */
  end(): void
}

/** The server, as connections and commands see it. */
export interface RespHost {
  readonly databases: readonly Database[]
  readonly limits: ServeLimits
  readonly requestLimits: RequestLimits
  readonly counters: Counters
  readonly scans: ScanLimit
  readonly token: Token | undefined
  readonly deadlines: Deadlines
  readonly cursors: ScanCursors
  readonly commands: ReadonlyMap<string, Command>
  /** Replies of the connection that runs; it takes them before another one runs. */
  readonly out: ReplyBuffer
  /** The time, about; reading the clock for each request would cost too much. */
  readonly now: number
  readonly port: number
  /** Returns the command that the bytes name, in any case. */
  commandOf(bytes: Buffer, from: number, to: number): Command | undefined
  logFailure(error: unknown): void
}

/** A command of the Redis protocol. */
export interface CommandSpec {
  readonly name: string
  /** Number of words with the name; negative for at least that many. */
  readonly arity: number
  readonly flags: readonly string[]
  /** Positions of the first and the last key, and the step between keys; 0 without keys. */
  readonly keys: readonly [first: number, last: number, step: number]
  /** Needs a snapshot with keys. */
  readonly readsKeys?: true
  /** Allowed before `AUTH`. */
  readonly isOpen?: true
  readonly summary: string
  readonly group: 'connection' | 'generic' | 'server' | 'string'
  readonly run: (client: Client) => void
}

/** A command of one server, which counts its calls. */
export interface Command extends CommandSpec {
  calls: number
}

export const NO_KEYS = [0, 0, 0] as const
