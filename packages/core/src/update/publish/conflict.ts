import type { ShardyfusionError } from '../../errors.js'
import { publishError } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'

/**
 * The error of an update whose base is not current.
 *
 * Retryable without `expectedCurrent`: the same call then starts from the snapshot that is current
 * now.
 */
export function conflict(
  where: string,
  problem: string,
  current: ManifestRef | undefined,
  { expectedCurrent }: { readonly expectedCurrent?: string | undefined },
  cause?: unknown,
): ShardyfusionError {
  const now = current === undefined ? 'none is' : `run ${describeValue(current.runId)} is`
  const advice =
    expectedCurrent === undefined
      ? 'nothing was published; update again, which starts from the snapshot that is current then'
      : 'nothing was published; check what that run contains, then update with it as expectedCurrent'
  return publishError(where, `${problem}, but ${now}; ${advice}`, {
    peer: null,
    retryable: expectedCurrent === undefined,
    details: { conflict: true, expectedCurrent, current: current?.runId },
    cause,
  })
}
