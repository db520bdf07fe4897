import { describeValue, isError } from '@shardyfusion/core/internal'

/** Returns the message of a thrown value. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : describeValue(error)
}
