import { isShardyfusionError, ShardyfusionError } from '../errors.js'

/**
 * An error in transit between threads, which do not preserve its class, `code` and our other
 * fields.
 */
export interface WireError {
  /** True for the SDK's own error; for others, only name, message and stack survive. */
  readonly own: boolean
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  readonly code?: ShardyfusionError['code']
  readonly retryable?: boolean
  readonly details?: Record<string, unknown>
  readonly cause?: WireError
}

/** Maximum number of causes, so that a cycle ends. */
const MAX_CAUSES = 8

/** Converts a thrown value, which need not be an error, to a form that can be posted. */
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

/** Restores the error: of the SDK's class, or an `Error` with the original name. */
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
  // The original stack helps; the stack of this function is always the same.
  if (wire.stack !== undefined) error.stack = wire.stack
  return error
}

/** Returns the details that can be posted; a function among them must not lose the rest. */
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
