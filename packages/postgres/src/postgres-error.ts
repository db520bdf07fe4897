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
  /connection terminated|timeout exceeded when trying to connect|connection ended|not queryable|client was closed/i

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

/** Makes the error of a failed statement or connection; passes errors of the SDK on. */
export function postgresError(where: string, cause: unknown): ShardyfusionError {
  if (isShardyfusionError(cause)) return cause
  const { code } = (cause ?? {}) as { code?: unknown }
  const reason = reasonOf(cause)
  const advice = typeof code === 'string' ? ADVICE[code] : undefined
  return new ShardyfusionError(
    'SHARD_STORE',
    `${where}: PostgreSQL failed: ${reason}${advice === undefined ? '' : `; ${advice}`}`,
    {
      retryable: isTransient(cause),
      cause,
      details: { peer: 'ManifestStoreError', ...(typeof code === 'string' && { code }) },
    },
  )
}

/** The message of a failure; errors of several addresses have a code only. */
export function reasonOf(cause: unknown): string {
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown }
  return typeof message === 'string' && message !== '' ? message : String(code ?? cause)
}
