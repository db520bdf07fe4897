import { isShardyfusionError, ShardyfusionError } from '../errors.js'

/** An error as it crosses between threads, where class, `code` and everything of our own is lost. */
export interface WireError {
  /** True for the SDK's own error; otherwise only name, message and stack count. */
  readonly own: boolean
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  readonly code?: ShardyfusionError['code']
  readonly retryable?: boolean
  readonly details?: Record<string, unknown>
  readonly cause?: WireError
}

/** Causes followed, so that a cycle ends. */
const MAX_CAUSES = 8

/** What is thrown need not be an error; whatever it is, this can be posted. */
export function toWireError(error: unknown, depth = 0): WireError {
  if (!(error instanceof Error)) return { own: false, name: 'Error', message: String(error) }
  const { name, message, stack } = error
  const cause =
    error.cause === undefined || depth === MAX_CAUSES
      ? undefined
      : toWireError(error.cause, depth + 1)
  const common = { name, message, stack, ...(cause !== undefined && { cause }) }
  if (!isShardyfusionError(error)) return { own: false, ...common }
  const { code, retryable } = error
  return { own: true, ...common, code, retryable, details: cloneable(error.details) }
}

/** The same error on this side: of the SDK's class, or an `Error` that bears the name. */
export function fromWireError(wire: WireError): Error {
  const cause = wire.cause === undefined ? undefined : fromWireError(wire.cause)
  const error = wire.own
    ? new ShardyfusionError(wire.code!, wire.message, {
        retryable: wire.retryable ?? false,
        details: wire.details ?? {},
        ...(cause !== undefined && { cause }),
      })
    : new Error(wire.message, cause === undefined ? undefined : { cause })
  if (!wire.own && wire.name !== 'Error') {
    Object.defineProperty(error, 'name', { value: wire.name, configurable: true })
  }
  // Where it was thrown is what helps; where it was unpacked is always here.
  if (wire.stack !== undefined) error.stack = wire.stack
  return error
}

/** The details that can be posted; a function among them must not lose the rest. */
function cloneable(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(details)) {
    try {
      kept[name] = structuredClone(value)
    } catch {
      // See above.
    }
  }
  return kept
}
