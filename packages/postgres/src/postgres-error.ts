import { isShardyfusionError, ShardyfusionError } from '@shardyfusion/core/extend'

/** Failures of one moment by SQLSTATE or system code; the second part of a SQLSTATE is omitted for whole classes. */
const TRANSIENT_CLASSES = new Set(['08', '40', '53', '57'])
const TRANSIENT_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  // A lock that was not available in time.
  '55P03',
])
/** A statement that reached its time limit or was canceled would only run into the limit again. */
const FINAL_CODES = new Set(['57014', '53400'])

/** Messages of `pg` for failures that have no code. */
const TRANSIENT_MESSAGES =
  /connection terminated|query read timeout|timeout exceeded when trying to connect|connection ended|not queryable|client was closed/i

/** Returns true if the same statement may succeed on another connection. */
export function isTransient(error: unknown): boolean {
  if (isShardyfusionError(error)) return false
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (typeof code === 'string') {
    if (FINAL_CODES.has(code)) return false
    return (
      TRANSIENT_CODES.has(code) || (code.length === 5 && TRANSIENT_CLASSES.has(code.slice(0, 2)))
    )
  }
  return typeof message === 'string' && TRANSIENT_MESSAGES.test(message)
}

/** Advice by SQLSTATE. */
const ADVICE: Readonly<Record<string, string>> = {
  '28P01': 'check user and password',
  '28000': 'check user, password and the rules of the server (pg_hba.conf)',
  '3D000': 'create the database, or check its name',
  '42P01': 'create the tables, or pass ensureTables: true',
  '42501': 'grant the role the missing right',
  '42703': 'the table has another layout; pass the names of the tables of the Python project',
  '57014': 'the statement reached timeoutMs; raise it, or look for locks on the tables',
  '22P05': 'PostgreSQL cannot store the character U+0000; remove it',
  '22P02': 'PostgreSQL cannot store this JSON; NaN and Infinity are not JSON',
}

/** Advice by system code, and by the messages of `pg` for failures without a code. */
const CONNECTION_ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/,
    'check that the server runs, and host and port of connectionString (or PGHOST and PGPORT)',
  ],
  [
    /^ETIMEDOUT$|connection timeout|query read timeout|timeout exceeded when trying to connect/i,
    'check host, port and firewall, and that the server has free connections, or raise timeoutMs',
  ],
  [
    /does not support SSL/i,
    'remove sslmode from connectionString if the network is trusted, or turn on SSL in the server',
  ],
  [
    /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)/,
    'name the file of the certificate authority in connectionString: sslmode=verify-full&sslrootcert=/path/ca.pem',
  ],
]

/** The bounds of a statement, for messages. */
export interface Bounds {
  /** Number of attempts made. */
  readonly attempts: number
  /** Limit of a connection, `undefined` for a pool of the caller. */
  readonly timeoutMs: number | undefined
}

/** Makes the error of a failed statement or connection; passes errors of the SDK on. */
export function postgresError(
  where: string,
  cause: unknown,
  { attempts, timeoutMs }: Bounds = { attempts: 1, timeoutMs: undefined },
): ShardyfusionError {
  if (isShardyfusionError(cause)) return cause
  const { code } = (cause ?? {}) as { code?: unknown }
  const reason = reasonOf(cause)
  if (/after calling end on the pool/.test(reason))
    return new ShardyfusionError(
      'SHARD_CLOSED',
      `${where}: this catalog is closed; open a new one`,
      { cause, details: { peer: 'ManifestStoreError' } },
    )
  const times = attempts > 1 ? ` in ${attempts} attempts` : ''
  const isTimeout = timeoutMs !== undefined && /timeout/i.test(reason)
  const limit = isTimeout ? ` (limit: ${timeoutMs} ms each)` : ''
  const advice = adviceFor(code, reason)
  return new ShardyfusionError(
    'SHARD_STORE',
    `${where}: PostgreSQL failed${times}: ${reason}${limit}${advice === undefined ? '' : `; ${advice}`}`,
    {
      retryable: isTransient(cause),
      cause,
      details: { peer: 'ManifestStoreError', ...(typeof code === 'string' && { code }) },
    },
  )
}

function adviceFor(code: unknown, reason: string): string | undefined {
  const text = typeof code === 'string' ? code : reason
  return ADVICE[text] ?? CONNECTION_ADVICE.find(([pattern]) => pattern.test(text))?.[1]
}

/** The message of a failure; errors of several addresses have those of each. */
export function reasonOf(cause: unknown): string {
  const { code, message, errors } = (cause ?? {}) as {
    code?: unknown
    message?: unknown
    errors?: unknown
  }
  if (typeof message === 'string' && message !== '') return message
  if (Array.isArray(errors) && errors.length > 0) return errors.map(reasonOf).join(', ')
  return String(code ?? cause)
}
