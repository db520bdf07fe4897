import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { storeError } from '../../errors/error-factories.js'
import { describeUrl } from '../../text/describe-url.js'
import { TransferTimeout } from '../transfer/bounded-transfer.js'
import { BodyProblem } from '../transfer/read-body.js'

/** A response that redirects to a place that must not be followed. */
export class RedirectProblem extends Error {}

export function httpFailure(
  call: string,
  url: string,
  problem: string,
  facts?: Parameters<typeof storeError>[2],
): ShardyfusionError {
  return storeError(`HttpStore.${call}`, `${describeUrl(url)} ${problem}`, facts)
}

/** Returns the SDK's error for a failed request; returns our own errors unchanged. */
export function httpError(call: string, url: string, cause: unknown): Error {
  if (isShardyfusionError(cause)) return cause
  if (cause instanceof RedirectProblem) return httpFailure(call, url, cause.message)
  if (cause instanceof TransferTimeout) {
    const problem = `did not arrive in time (${cause.message}); check the network, or raise requestTimeoutMs`
    return httpFailure(call, url, problem, { retryable: true, cause })
  }
  if (cause instanceof BodyProblem) {
    const isShort = cause.kind === 'network'
    const problem = isShort
      ? `did not arrive completely (${cause.message})`
      : `is too large (${cause.message}); raise maxObjectBytes if this size is expected`
    return httpFailure(call, url, problem, { retryable: isShort, cause })
  }
  const problem =
    'could not be fetched; check the address, the network and, for other origins, CORS'
  return httpFailure(call, url, problem, { retryable: true, cause })
}
