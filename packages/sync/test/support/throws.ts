import assert from 'node:assert/strict'
import { type ErrorCode, isShardyfusionError, type ShardyfusionError } from '@shardyfusion/core'

/** Asserts that the call throws the SDK's error of this code, whose message matches. */
export function throwsWith(
  code: ErrorCode,
  message: RegExp,
  call: () => unknown,
): ShardyfusionError {
  const caught = thrownBy(call)
  if (!isShardyfusionError(caught)) throw caught
  assert.equal(caught.code, code, caught.message)
  assert.match(caught.message, message)
  return caught
}

/** What the call throws, whatever it is. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new assert.AssertionError({ message: 'expected an error, but nothing was thrown' })
}
