import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { publishError } from '../../errors/error-factories.js'
import { describeUrl } from '../../text/describe-url.js'

/** The error of a publication whose `expectedCurrent` is not current: `details.conflict` is true. */
export function publishConflict(
  where: string,
  expected: string,
  current: string | undefined,
): ShardyfusionError {
  const found = current === undefined ? 'no manifest' : describeUrl(current)
  return publishError(
    where,
    `${describeUrl(expected)} was expected to be current, but ${found} is; nothing was published`,
    { peer: null, details: { conflict: true, expectedCurrent: expected, current } },
  )
}

/** Returns true for the error of `publishConflict`, also of a catalog of the caller. */
export function isPublishConflict(error: unknown): boolean {
  return isShardyfusionError(error) && error.details['conflict'] === true
}
