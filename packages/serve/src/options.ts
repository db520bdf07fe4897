import { totalmem } from 'node:os'
import type { SnapshotReaderOptions } from '@shardyfusion/core'
import { integer, invalidOption, parseOptions } from '@shardyfusion/core/internal'
import * as v from 'valibot'
import { isLoopback } from './loopback.js'
import type { Log } from './log.js'

/** One snapshot prefix to serve, with the options of its reader. */
export interface DatabaseOptions extends Omit<
  SnapshotReaderOptions,
  'autoRefresh' | 'keys' | 'rateLimit' | 'schema' | 'values'
> {
  /** Name for `SELECT name` and for paths; by default its position, from 0. */
  readonly name?: string | undefined
}

/** Where one protocol listens; `false` for not at all. */
export type ListenOptions = false | { readonly port?: number | undefined }

/** How values are written in JSON; single values over HTTP and Redis are always the stored bytes. */
export type JsonValues = 'auto' | 'bytes' | 'utf8' | 'json'

/** Options of `serve`. */
export interface ServeOptions {
  /** Prefixes to serve, at most 64; the first is the default database, number 0. */
  readonly databases: readonly DatabaseOptions[]
  /** Address to listen on; 127.0.0.1 by default. Any other than loopback needs a `token`. */
  readonly host?: string | undefined
  /** HTTP; port 8080 by default, 0 for any free port. */
  readonly http?: ListenOptions | undefined
  /** The Redis protocol; port 6380 by default, 0 for any free port. */
  readonly redis?: ListenOptions | undefined
  /** Secret of clients, 16 characters or more: the password of `AUTH`, and the bearer token of HTTP. */
  readonly token?: string | undefined
  /**
   * Values in JSON. `'auto'` (default): the JSON of a snapshot that was written as JSON, otherwise
   * text, or `base64` for other bytes. The others are always base64, always text, or always JSON.
   */
  readonly values?: JsonValues | undefined
  /** Time between two checks for a new snapshot, in milliseconds; 10,000 by default, 0 for never. */
  readonly refreshMs?: number | undefined
  /**
   * Bytes of the cache of replies, for each database; 0 for none. By default all databases share a
   * sixteenth of the memory of the machine, 64 MiB to 1 GiB.
   */
  readonly replyCacheBytes?: number | undefined
  /** Bounds on clients and requests. */
  readonly limits?: Partial<ServeLimits> | undefined
  /** Receives events: starts, moves to other snapshots, failures. */
  readonly log?: Log | undefined
}

/** Limits that no client exceeds. */
export interface ServeLimits {
  /** Open connections of one protocol; 1,000 by default. */
  readonly maxConnections: number
  /** Bytes of one request; 1 MiB by default. */
  readonly maxRequestBytes: number
  /** Bytes of a key; 64 KiB by default. */
  readonly maxKeyBytes: number
  /** Keys of one request, and entries of one page of `SCAN`; 10,000 by default. */
  readonly maxKeys: number
  /** Bytes of the values that a request with several keys returns; 64 MiB by default. */
  readonly maxReplyBytes: number
  /** Scans and searches that run at a time; 32 by default. */
  readonly maxScans: number
  /** Entries that one scan returns, and that `KEYS` looks at; 100,000 by default. */
  readonly maxScanEntries: number
  /** Time of one request, in milliseconds; 30,000 by default. */
  readonly requestMs: number
  /** Time of one scan, in milliseconds; 300,000 by default. */
  readonly scanMs: number
  /** Time until an unused connection is closed, in milliseconds; 300,000 by default. */
  readonly idleMs: number
  /** Time that a client may take to read replies, in milliseconds; 30,000 by default. */
  readonly stallMs: number
  /** Time of running requests after `close()`, in milliseconds; 10,000 by default. */
  readonly graceMs: number
}

const MIB = 1024 * 1024
const MAX_TIMER_MS = 2 ** 31 - 1
const LEAST_TOKEN = 16
const MAX_DATABASES = 64

const count = (unit: string, fallback: number) => v.optional(integer(1, unit), fallback)
const time = (fallback: number) => v.optional(integer(1, 'milliseconds', MAX_TIMER_MS), fallback)

const limitsSchema = v.strictObject({
  maxConnections: count('connections', 1000),
  maxRequestBytes: v.optional(integer(1024, 'bytes', 1024 * MIB), MIB),
  maxKeyBytes: v.optional(integer(1, 'bytes', 1024 * MIB), 64 * 1024),
  maxKeys: count('keys', 10_000),
  maxReplyBytes: v.optional(integer(1024, 'bytes', 1024 * MIB), 64 * MIB),
  maxScans: count('scans', 32),
  maxScanEntries: count('entries', 100_000),
  requestMs: time(30_000),
  scanMs: time(300_000),
  idleMs: time(300_000),
  stallMs: time(30_000),
  graceMs: time(10_000),
})

const nameSchema = v.pipe(
  v.string('must be text'),
  v.regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
)

const listenSchema = (port: number) =>
  v.optional(
    v.union(
      [v.literal(false), v.strictObject({ port: v.optional(integer(0, 'port', 65_535), port) })],
      'must be false or { port }, from 0 to 65535',
    ),
    {},
  )

const schema = v.strictObject({
  databases: v.pipe(
    v.array(
      // The reader checks its options.
      v.looseObject({
        prefix: v.string('must be a URL'),
        name: v.optional(nameSchema),
      }),
      'must be a list of { prefix }',
    ),
    v.minLength(1, 'must have 1 database or more'),
    v.maxLength(MAX_DATABASES, `must have at most ${MAX_DATABASES} databases`),
  ),
  host: v.optional(
    v.pipe(v.string('must be an address'), v.nonEmpty('must be an address')),
    '127.0.0.1',
  ),
  http: listenSchema(8080),
  redis: listenSchema(6380),
  // Checked below: no message may contain it.
  token: v.optional(v.unknown()),
  values: v.optional(
    v.picklist(['auto', 'bytes', 'utf8', 'json'], 'must be auto, bytes, utf8 or json'),
    'auto',
  ),
  refreshMs: v.optional(integer(0, 'milliseconds', MAX_TIMER_MS), 10_000),
  replyCacheBytes: v.optional(integer(0, 'bytes', 16 * 1024 * MIB)),
  limits: v.optional(limitsSchema, {}),
  log: v.optional(v.custom<Log>((f) => typeof f === 'function', 'must be a function')),
})

/** Options of a server after parsing. */
export type ParsedServeOptions = ReturnType<typeof parseServeOptions>

/** Errors: SHARD_INVALID_OPTION, also for an address that others reach without a token. */
export function parseServeOptions(options: ServeOptions, where: string) {
  const parsed = parseOptions(schema, options, where)
  const token = parsed.token
  if (token !== undefined && (typeof token !== 'string' || token.length < LEAST_TOKEN)) {
    const got = typeof token === 'string' ? `${token.length}` : typeof token
    throw invalidOption(
      where,
      `token must be text of ${LEAST_TOKEN} characters or more, got ${got}`,
    )
  }
  if (token === undefined && !isLoopback(parsed.host)) {
    throw invalidOption(
      where,
      `host must be a loopback address unless there is a token, got "${parsed.host}"; set token, or listen on 127.0.0.1`,
    )
  }
  const { http, redis } = parsed
  if (http === false && redis === false)
    throw invalidOption(where, 'http and redis must not both be false; nothing would listen')
  const names = parsed.databases.map(({ name }, i) => name ?? String(i))
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw invalidOption(where, `databases must have different names, got "${twice}" twice`)
  return {
    ...parsed,
    http: http === false ? undefined : { port: http.port! },
    redis: redis === false ? undefined : { port: redis.port! },
    token: token as string | undefined,
    limits: parsed.limits as ServeLimits,
    replyCacheBytes: parsed.replyCacheBytes ?? defaultCacheBytes(parsed.databases.length),
    databases: options.databases.map((database, i) => ({ ...database, name: names[i]! })),
  }
}

/** Memory is taken only for replies that were sent. */
function defaultCacheBytes(databases: number): number {
  // 0 or more than the machine has if nothing limits the process, such as a container.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY
  const bytes = Math.min(totalmem(), limit) / 16
  return Math.floor(Math.min(1024 * MIB, Math.max(64 * MIB, bytes)) / databases)
}
