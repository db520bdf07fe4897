import { isShardyfusionError, ShardyfusionError } from '../../errors.js'
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
  const details = { peer: 'DbAdapterError', url, kind }
  switch (kind) {
    case 'Unavailable':
      if (isShardyfusionError(cause)) return cause
      return new ShardyfusionError(
        'SHARD_ENGINE',
        `${where}: storage of ${url} is unavailable: ${message}`,
        {
          cause: error,
          retryable: true,
          details: { ...details, peer: 'ShardWriteError' },
        },
      )
    case 'NotFound':
      return new ShardyfusionError('SHARD_NOT_FOUND', `${where}: the shard ${url} does not exist`, {
        cause: error,
        details,
      })
    case 'Closed':
      return new ShardyfusionError('SHARD_CLOSED', `${where}: the shard ${url} is closed`, {
        cause: error,
        details: { ...details, peer: 'ReaderStateError' },
      })
    case 'Fenced':
      return new ShardyfusionError(
        'SHARD_ENGINE',
        `${where}: another writer has taken over ${url}; use a separate URL for each attempt`,
        { cause: error, details: { ...details, fenced: true } },
      )
    case 'Invalid':
      // Settings are the only input that reaches the engine unchecked, and a reader has none.
      if (!where.endsWith('openWriter')) return unreadable(where, url, message, error)
      return new ShardyfusionError('SHARD_INVALID_OPTION', `${where}: ${message}`, {
        cause: error,
        details: { ...details, peer: 'ConfigValidationError' },
      })
    case 'Data':
      return unreadable(where, url, message, error)
    case 'TooLarge':
      return valueTooLarge(`${where}: ${url} holds ${message}`, { url, kind }, error)
    case 'Unsupported':
      return new ShardyfusionError('SHARD_ENGINE', `${where}: ${message}`, {
        cause: error,
        details: { ...details, peer: 'DbAdapterError' },
      })
    case 'Interrupted':
    case 'Stopped':
      // Another engine may succeed in the same call; the affected shard may stop it again.
      return new ShardyfusionError('SHARD_ENGINE', `${where}: ${url}: ${message}`, {
        cause: error,
        retryable: kind === 'Interrupted',
        details: { ...details, stopped: true },
      })
    default:
      return new ShardyfusionError('SHARD_ENGINE', `${where}: ${url}: ${message}`, {
        cause: error,
        details,
      })
  }
}

function unreadable(
  where: string,
  url: string,
  message: string,
  cause: unknown,
): ShardyfusionError {
  return new ShardyfusionError(
    'SHARD_ENGINE',
    `${where}: the data of ${url} cannot be read (${message}); if the shard was compressed, this engine may lack ` +
      `the codec; otherwise restore or rebuild the shard`,
    { cause, details: { peer: 'DbAdapterError', url, kind: 'Data' } },
  )
}
