import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { closed, engineError, invalidOption, notFound } from '../../errors/error-factories.js'
import { valueTooLarge } from '../../engine/check-value-bytes.js'

/**
 * Converts any error of the package to the SDK's error; the store's own errors, which it wraps,
 * pass unchanged.
 */
export function wasmError(error: unknown, where: string, url: string): Error {
  if (isShardyfusionError(error)) return error
  const {
    kind,
    message = String(error),
    cause,
  } = (error ?? {}) as Partial<Error & { kind: string }>
  if (kind === undefined) return error as Error
  const facts = { cause: error, details: { url, kind } }
  switch (kind) {
    case 'Unavailable':
      if (isShardyfusionError(cause)) return cause
      return engineError(where, `storage of ${url} is unavailable: ${message}`, {
        ...facts,
        peer: 'ShardWriteError',
        retryable: true,
      })
    case 'NotFound':
      return notFound(where, `the shard ${url} does not exist`, {
        ...facts,
        peer: 'DbAdapterError',
      })
    case 'Closed':
      return closed(where, `the shard ${url} is closed`, facts)
    case 'Fenced':
      return engineError(
        where,
        `${url} has a shard already, or another writer has sealed it first; use a separate URL for each attempt`,
        { cause: error, details: { url, kind, fenced: true } },
      )
    case 'Invalid':
      // Settings are the only input that reaches the engine unchecked, and a reader has none.
      if (!where.endsWith('openWriter')) return unreadable(where, url, message, error)
      return invalidOption(where, message, facts)
    case 'Data':
      return unreadable(where, url, message, error)
    case 'TooLarge':
      return valueTooLarge(where, `${url} holds ${message}`, { url, kind }, error)
    case 'Unsupported':
      return engineError(where, message, facts)
    case 'Interrupted':
    case 'Stopped':
      // Another engine may succeed in the same call; the affected shard may stop it again.
      return engineError(where, `${url}: ${message}`, {
        cause: error,
        retryable: kind === 'Interrupted',
        details: { url, kind, stopped: true },
      })
    default:
      return engineError(where, `${url}: ${message}`, facts)
  }
}

function unreadable(
  where: string,
  url: string,
  message: string,
  cause: unknown,
): ShardyfusionError {
  return engineError(
    where,
    `the data of ${url} cannot be read (${message}); if the shard was compressed, this engine may lack ` +
      `the codec; otherwise restore or rebuild the shard`,
    { cause, details: { url, kind: 'Data' } },
  )
}
