import { isError } from './errors/is-error.js'
import { plain } from './text/json-form.js'
/** The kind of an error, for programs to branch on; the message is for people. */
export type ErrorCode =
  | 'SHARD_INVALID_OPTION'
  | 'SHARD_INVALID_KEY'
  | 'SHARD_INVALID_VALUE'
  | 'SHARD_CLOSED'
  | 'SHARD_BUSY'
  | 'SHARD_NOT_FOUND'
  | 'SHARD_ROUTING'
  | 'SHARD_MANIFEST'
  | 'SHARD_ENGINE'
  | 'SHARD_STORE'
  | 'SHARD_PUBLISH'
  | 'SHARD_TIMEOUT'
  | 'SHARD_BRIDGE'
  | 'SHARD_INTERRUPTED'

/** Facts about one failure; `peer` is the Python project's name for the same error. */
export interface ErrorDetails {
  /** Name of the same error in the Python project. */
  readonly peer?: string
  readonly [name: string]: unknown
}

/** Options of a `ShardyfusionError`. */
export interface ShardyfusionErrorOptions {
  /** Whether the same call may succeed later, unchanged. */
  retryable?: boolean
  /** Facts for programs. */
  details?: ErrorDetails
  /** The failure behind this one. */
  cause?: unknown
}

/**
 * The one error class of the SDK: branch on `code`, log `message`, retry if `retryable`.
 *
 * Shape: `details` contains plain data (ids, limits, sizes), never credentials and never whole
 * values. Source: wire-format §10; `details.peer` names the Python error.
 */
export class ShardyfusionError extends Error {
  /** The kind of failure, to branch on. */
  readonly code: ErrorCode
  /** True if the same call may succeed later without any change by the caller. */
  readonly retryable: boolean
  /** Facts for programs. */
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, options: ShardyfusionErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.details = options.details ?? {}
  }

  /** For structured logs: `JSON.stringify` has the message, and 64-bit integers as text. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { name, code, message, retryable, details } = this
    return { name, code, message, retryable, details: plain(details) }
  }
}
// On the prototype, so that the name is not repeated in every inspected error.
Object.defineProperty(ShardyfusionError.prototype, 'name', { value: 'ShardyfusionError' })

/** Returns true for errors of this SDK, even if two copies of the package are loaded. */
export function isShardyfusionError(error: unknown): error is ShardyfusionError {
  return (
    isError(error) &&
    error.name === 'ShardyfusionError' &&
    typeof (error as { code?: unknown }).code === 'string'
  )
}
