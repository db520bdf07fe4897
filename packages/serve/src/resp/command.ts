import type { Connection } from './connection.js'

/** Number of words of a command before `AUTH`, as in Redis. */
export const MAX_WORDS_BEFORE_AUTH = 10

/** A command of the Redis protocol. */
export interface CommandSpec {
  readonly name: string
  /** Number of words with the name; negative for at least that many. */
  readonly arity: number
  readonly flags: readonly string[]
  /** Positions of the first and the last key, and the step between keys; 0 without keys. */
  readonly keys: readonly [first: number, last: number, step: number]
  /** Allowed before `AUTH`. */
  readonly isOpen?: true
  readonly summary: string
  readonly group: 'connection' | 'generic' | 'server' | 'string'
  readonly run: (connection: Connection) => void
}

/** A command of one server, which counts its calls. */
export interface Command extends CommandSpec {
  calls: number
}

export const NO_KEYS = [0, 0, 0] as const
