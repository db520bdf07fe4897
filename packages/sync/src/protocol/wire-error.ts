/** An error as it crosses threads: structured clone would drop its class and its own fields. */
export type WireError =
  | { readonly isError: false; readonly value: unknown }
  | {
      readonly isError: true
      /** A DOMException, such as the reason of an aborted signal. */
      readonly isDom: boolean
      readonly name: string
      readonly message: string
      readonly stack: string
      readonly fields: Readonly<Record<string, unknown>>
      readonly cause?: WireError
      readonly errors?: readonly WireError[]
    }

/** Classes that are rebuilt by the name of the error, in addition to JavaScript's. */
export type ErrorClasses = Readonly<Record<string, { readonly prototype: Error }>>

const MAX_DEPTH = 8
/** Properties that are transferred separately. */
const OWN_PLACE = new Set(['name', 'message', 'stack', 'cause', 'errors'])
const BUILT_IN: ErrorClasses = {
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

/** The thrown value, of any type, as data that can be posted. */
export function encodeError(thrown: unknown, depth = 0): WireError {
  if (!isErrorLike(thrown)) return { isError: false, value: cloneable(thrown) }
  const fields: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(thrown)) {
    if (!OWN_PLACE.has(name)) fields[name] = cloneable(value)
  }
  const { cause, errors } = thrown as { cause?: unknown; errors?: unknown }
  const deeper = depth < MAX_DEPTH
  return {
    isError: true,
    isDom: thrown instanceof DOMException,
    name: String(thrown.name),
    message: String(thrown.message),
    stack: String(thrown.stack),
    fields,
    ...(deeper && 'cause' in thrown ? { cause: encodeError(cause, depth + 1) } : {}),
    ...(deeper && Array.isArray(errors)
      ? { errors: errors.map((error: unknown) => encodeError(error, depth + 1)) }
      : {}),
  }
}

/**
 * The error as it was thrown: class, fields and cause; `furtherStack` is appended to its stack.
 *
 * An error of a class that is neither built in nor among `classes` becomes an Error of that name.
 */
export function decodeError(wire: WireError, classes: ErrorClasses, furtherStack = ''): unknown {
  if (!wire.isError) return wire.value
  const { name, message, stack, fields } = wire
  const error = wire.isDom
    ? new DOMException(message, name)
    : wire.cause === undefined
      ? new Error(message)
      : new Error(message, { cause: decodeError(wire.cause, classes) })
  const known = classes[name] ?? BUILT_IN[name]
  if (known !== undefined && !wire.isDom) Object.setPrototypeOf(error, known.prototype)
  if (error.name !== name) define(error, 'name', name)
  define(error, 'stack', stack + furtherStack)
  if (wire.errors !== undefined) {
    define(
      error,
      'errors',
      wire.errors.map((inner) => decodeError(inner, classes)),
    )
  }
  return Object.assign(error, fields)
}

/** Where a WireError stands in place of an error within a result. */
const MARK = 'shardyfusionWireError'

/** A result with its errors, however deep in plain objects and arrays, made data. */
export function packErrors(value: unknown): unknown {
  if (value instanceof Error) return { [MARK]: encodeError(value) }
  return mapPlain(value, packErrors)
}

/** The same result with the errors it was packed from. */
export function unpackErrors(value: unknown, classes: ErrorClasses): unknown {
  if (isPlain(value) && MARK in value) return decodeError(value[MARK] as WireError, classes)
  return mapPlain(value, (inner) => unpackErrors(inner, classes))
}

function mapPlain(value: unknown, map: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map)
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, map(inner)]))
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

/** The stack of a call, to follow that of the worker; frames above and including `below` are left out. */
export function callerStack(below: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, below)
  return `\n    --- in the worker, called by ---${holder.stack?.replace(/^[^\n]*/, '') ?? ''}`
}

function define(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, writable: true, configurable: true })
}

/** Errors of other realms and libraries count too, whatever they hold. */
interface ErrorLike {
  readonly name?: unknown
  readonly message: unknown
  readonly stack: unknown
}

function isErrorLike(thrown: unknown): thrown is ErrorLike {
  if (thrown instanceof Error) return true
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'stack' in thrown
}

/** The value itself if it can be posted, else what it looks like. */
function cloneable(value: unknown): unknown {
  try {
    structuredClone(value)
    return value
  } catch {
    return `[${typeof value} that cannot leave its thread]`
  }
}
