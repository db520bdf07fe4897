import type { Counters } from '../counters.js'
import type { Database } from '../database.js'
import type { Deadlines } from '../deadlines.js'
import { Refusal } from '../failure.js'
import type { Log } from '../log.js'
import type { JsonValues, ServeLimits } from '../options.js'
import type { ScanLimit } from '../scan-limit.js'
import type { Token } from '../token.js'

/** Shared by all routes. */
export interface HttpParts {
  readonly databases: readonly Database[]
  readonly limits: ServeLimits
  readonly counters: Counters
  readonly scans: ScanLimit
  readonly deadlines: Deadlines
  readonly token: Token | undefined
  readonly values: JsonValues
  readonly host: string
  readonly log: Log
  /** The text of `/metrics`. */
  readonly metrics: () => Promise<string>
}

/** The body of an error. */
export function problem(code: string, message: string) {
  return { error: { code, message } }
}

/** Returns the database that a path names; without a name, the first. Errors: Refusal. */
export function databaseOf(databases: readonly Database[], name: string | undefined): Database {
  if (name === undefined) return databases[0]!
  const found =
    databases.find((database) => String(database.index) === name) ??
    databases.find((database) => database.name === name)
  if (found !== undefined) return found
  const names = databases.map((database) => database.name).join(', ')
  throw new Refusal('NO_DATABASE', `the database does not exist; the databases are ${names}`)
}

/** A path for the first database, and the same for a named one. */
export function pathsOf(path: string): string[] {
  return [`/v1${path}`, `/v1/databases/:database${path}`]
}
