import { ShardyfusionError } from '../errors.js'

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
    `${where}: ${url} contains a value of ${length} bytes, above the limit of ${maxValueBytes} bytes`,
    { url, bytes: length, maxValueBytes },
  )
}

/** Makes the error of a stored value above the reader's limit. */
export function valueTooLarge(
  message: string,
  details: Record<string, unknown>,
  cause?: unknown,
): ShardyfusionError {
  return new ShardyfusionError(
    'SHARD_INVALID_VALUE',
    `${message}; raise maxValueBytes if this size is expected, otherwise rebuild the shard`,
    { cause, details: { ...details, peer: 'DbAdapterError' } },
  )
}
