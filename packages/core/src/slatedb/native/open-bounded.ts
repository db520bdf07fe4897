import type { ShardyfusionError } from '../../errors.js'
import { timeout } from '../../errors/error-factories.js'
import { orTimeout } from '../../async/abort.js'
import { DEFAULT_OPEN_TIMEOUT_MS } from '../../engine/open-timeout.js'
import { nativeError } from './native-error.js'

/**
 * Waits for the engine to open, within a bound: with a wrong endpoint or missing credentials it
 * would retry forever.
 *
 * If it opens too late, the result is passed to `release`.
 */
export async function openBounded<T>(
  opening: Promise<T>,
  release: (opened: T) => void,
  o: { where: string; url: string; timeoutMs: number | undefined; signal: AbortSignal | undefined },
): Promise<T> {
  const timeoutMs = o.timeoutMs ?? DEFAULT_OPEN_TIMEOUT_MS
  // Convert here, not outside, so that the caller's own abort reason stays unchanged.
  const converted = opening.catch((error: unknown) => {
    throw nativeError(error, o.where, o.url)
  })
  const expired = (): Error => openTimeout(o.where, o.url, timeoutMs)
  return orTimeout(converted, { timeoutMs, expired, signal: o.signal }, release)
}

function openTimeout(where: string, url: string, timeoutMs: number): ShardyfusionError {
  const hint = url.startsWith('s3://')
    ? 'check that the bucket exists, the endpoint and region are right (AWS_ENDPOINT_URL, AWS_REGION), ' +
      'AWS_ALLOW_HTTP=true is set for an http:// endpoint, and credentials are given'
    : 'check that the folder is reachable and writable'
  return timeout(
    where,
    `${url} did not open within ${timeoutMs} ms; ${hint}, or raise openTimeoutMs`,
    { details: { url, timeoutMs } },
  )
}
