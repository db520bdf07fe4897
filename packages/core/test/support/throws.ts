import assert from 'node:assert/strict'
import { type ErrorCode, isShardyfusionError, type ShardyfusionError } from '@shardyfusion/core'

/** Asserts that the call fails with the SDK's error of this code, whose message matches. */
export async function rejectsWith(
  code: ErrorCode,
  message: RegExp,
  call: () => unknown,
): Promise<ShardyfusionError> {
  let caught: Error | undefined
  try {
    await call()
  } catch (error) {
    caught = error as Error
  }
  assert.ok(caught !== undefined, `expected ${code}, but nothing was thrown`)
  if (!isShardyfusionError(caught)) throw caught
  assert.equal(caught.code, code, caught.message)
  assert.match(caught.message, message)
  return caught
}
