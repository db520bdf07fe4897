import { isShardyfusionError } from '@shardyfusion/core'
import { BadKey } from './keys.js'
import { Overdue } from './deadlines.js'

/** An error in the words of a client: without locations of storage. */
export interface Failure {
  readonly code: string
  readonly message: string
  /** The client can correct it. */
  readonly isRequest: boolean
  readonly isRetryable: boolean
}

/** A request that the server understands, and refuses. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string
  readonly isRetryable: boolean

  constructor(code: string, message: string, isRetryable = false) {
    super(message)
    this.code = code
    this.isRetryable = isRetryable
  }
}

/** Codes of errors that name only what the client sent. */
const OF_REQUEST = ['SHARD_INVALID_KEY', 'SHARD_ROUTING', 'SHARD_INVALID_OPTION']

/** Describes an error to a client; the log has the rest. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof BadKey)
    return {
      code: 'SHARD_INVALID_KEY',
      message: error.message,
      isRequest: true,
      isRetryable: false,
    }
  if (error instanceof Refusal) {
    const { code, message, isRetryable } = error
    return { code, message, isRequest: true, isRetryable }
  }
  if (error instanceof Overdue)
    return { code: 'SHARD_TIMEOUT', message: error.message, isRequest: false, isRetryable: true }
  if (!isShardyfusionError(error))
    return { code: 'INTERNAL', message: 'internal error', isRequest: false, isRetryable: false }
  const { code, retryable } = error
  if (OF_REQUEST.includes(code)) {
    return { code, message: requestMessage(error), isRequest: true, isRetryable: false }
  }
  const advice = retryable ? '; retry later' : ''
  return {
    code,
    message: `the snapshot could not be read${advice}`,
    isRequest: false,
    isRetryable: retryable,
  }
}

/** Returns a message without the method of the reader at its start, which a client does not know. */
export function requestMessage({ message }: Error): string {
  return message.replace(/^[\w.]{1,60}: /, '')
}
