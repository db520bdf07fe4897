import { ShardyfusionError } from '../../errors.js'
import { engineError, notFound, timeout } from '../../errors/error-factories.js'

/** Converts any error of the binding to the SDK's error; ours pass unchanged. */
export function nativeError(error: unknown, where: string, url: string): ShardyfusionError {
  if (error instanceof ShardyfusionError) return error
  const { tag, message = String(error) } = (error ?? {}) as { tag?: string; message?: string }
  const facts = { cause: error, details: { url, tag } }
  const text = redactUrls(message)
  switch (tag) {
    case 'Unavailable':
      return engineError(where, `storage of ${url} is unavailable: ${text}`, {
        ...facts,
        peer: 'ShardWriteError',
        retryable: true,
      })
    case 'Closed': {
      const fenced = (error as { reason?: string }).reason === 'Fenced'
      return engineError(
        where,
        fenced
          ? `another writer has taken over ${url}; use a separate URL for each attempt`
          : `the engine closed ${url} unexpectedly: ${text}`,
        { cause: error, details: { url, tag, fenced } },
      )
    }
    case 'Data':
      if (message.includes('failed to find latest transactional object')) {
        return notFound(where, `the shard ${url} does not exist`, {
          ...facts,
          peer: 'DbAdapterError',
        })
      }
      return engineError(
        where,
        `the data of ${url} cannot be read (${text}); if the shard was compressed, this build of the ` +
          `engine may lack the codec; otherwise restore or rebuild the shard`,
        facts,
      )
    default:
      return engineError(where, `${url}: ${text}`, facts)
  }
}

/** Removes the query strings of URLs in the engine's messages: they may contain signatures. */
function redactUrls(text: string): string {
  return text.replace(/(https?:\/\/[^\s?"')]+)\?[^\s"')]*/g, '$1?…')
}

/** Bound on one read; the engine's own retries against storage end well before. */
export const READ_TIMEOUT_MS = 120_000
/** Bound on one write, flush or close, which may move a whole table to storage. */
export const WRITE_TIMEOUT_MS = 600_000

/** Makes the error of an engine call that did not return. */
export function nativeTimeout(where: string, url: string, timeoutMs: number): ShardyfusionError {
  return timeout(
    where,
    `no answer from the engine within ${timeoutMs} ms for ${url}; check that its storage answers, and that ` +
      `no other code blocks this thread`,
    { details: { url, timeoutMs } },
  )
}
