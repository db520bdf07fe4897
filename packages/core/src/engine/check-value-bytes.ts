import type { ShardyfusionError } from '../errors.js'
import { invalidValue } from '../errors/error-factories.js'

/** Refuses a stored value over the reader's limit. Errors: SHARD_INVALID_VALUE. */
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
    `${url} holds a value of ${length} bytes; the most is ${maxValueBytes} bytes`,
    { url, bytes: length, maxValueBytes },
  )
}

/** The error of a stored value that is over the reader's limit. */
export function valueTooLarge(
  where: string,
  problem: string,
  details: Record<string, unknown>,
  cause?: unknown,
): ShardyfusionError {
  return invalidValue(
    where,
    `${problem}; raise maxValueBytes if that is right, otherwise rebuild the shard`,
    { peer: 'DbAdapterError', cause, details },
  )
}
