import type { ShardyfusionError } from '../errors.js'
import { invalidValue } from '../errors/error-factories.js'

/** Refuses a stored value above the reader's limit. Errors: SHARD_INVALID_VALUE. */
export function checkValueBytes(
  value: Uint8Array | undefined,
  maxValueBytes: number,
  where: string,
  url: string,
): void {
  if (value === undefined || value.length <= maxValueBytes) return
  const { length } = value
  throw valueTooLarge(
    where,
    `${url} contains a value of ${length} bytes, above the limit of ${maxValueBytes} bytes`,
    { url, bytes: length, maxValueBytes },
  )
}

/** Makes the error of a stored value above the reader's limit. */
export function valueTooLarge(
  where: string,
  problem: string,
  details: Record<string, unknown>,
  cause?: unknown,
): ShardyfusionError {
  return invalidValue(
    where,
    `${problem}; raise maxValueBytes if this size is expected, otherwise rebuild the shard`,
    { peer: 'DbAdapterError', cause, details },
  )
}
