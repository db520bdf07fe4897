import assert from 'node:assert/strict'

/** An error of the SDK, as tests see it. */
export interface CodedError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>
}

/** Asserts that the call fails with the SDK's error of this code, whose message matches. */
export async function rejectsWith(
  code: string,
  message: RegExp,
  call: () => unknown,
): Promise<CodedError> {
  let caught: unknown
  try {
    await call()
  } catch (error) {
    caught = error
  }
  return checked(caught, code, message)
}

/** Asserts that the call throws the SDK's error of this code, whose message matches. */
export function throwsWith(code: string, message: RegExp, call: () => unknown): CodedError {
  return checked(thrownBy(call), code, message)
}

/** Returns the value that the call throws, of any kind. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new assert.AssertionError({ message: 'expected an error, but nothing was thrown' })
}

function checked(caught: unknown, code: string, message: RegExp): CodedError {
  assert.ok(caught !== undefined, `expected ${code}, but nothing was thrown`)
  const error = caught as CodedError
  if (error.name !== 'ShardyfusionError') throw error
  assert.equal(error.code, code, error.message)
  assert.match(error.message, message)
  return error
}
