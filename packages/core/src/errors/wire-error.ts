import { ShardyfusionError } from '../errors.js'
import { isPlainObject } from '../options/is-plain-object.js'
import { isError } from './is-error.js'

/**
 * An error in transit between threads: structured clone would drop its class and its own fields.
 */
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

const MAX_DEPTH = 8
/** Properties that are transferred separately. */
const OWN_PLACE = new Set(['name', 'message', 'stack', 'cause', 'errors'])
/** Classes that are rebuilt by the name of the error. */
const CLASSES: Readonly<Record<string, { readonly prototype: Error }>> = {
  ShardyfusionError,
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

/** Encodes a thrown value of any type as data that can be posted. */
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
    isDom: Object.prototype.toString.call(thrown) === '[object DOMException]',
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
 * Restores the thrown error: class, fields and cause; appends `furtherStack` to its stack.
 *
 * An error of a class that is neither JavaScript's nor of this package becomes an Error with that
 * name.
 */
export function decodeError(wire: WireError, furtherStack = ''): unknown {
  if (!wire.isError) return wire.value
  const { name, message, stack, fields } = wire
  const error = wire.isDom
    ? new DOMException(message, name)
    : wire.cause === undefined
      ? new Error(message)
      : new Error(message, { cause: decodeError(wire.cause) })
  const known = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined
  if (known !== undefined && !wire.isDom) Object.setPrototypeOf(error, known.prototype)
  if (error.name !== name) define(error, 'name', name)
  define(error, 'stack', stack + furtherStack)
  if (wire.errors !== undefined) {
    define(
      error,
      'errors',
      wire.errors.map((inner) => decodeError(inner)),
    )
  }
  return Object.assign(error, fields)
}

/** Marks a WireError in place of an error within a result. */
const MARK = 'shardyfusionWireError'

/** Encodes the errors in a result, at any depth of plain objects and arrays. */
export function packErrors(value: unknown): unknown {
  if (isError(value)) return { [MARK]: encodeError(value) }
  return mapPlain(value, packErrors)
}

/** Decodes the errors in a result of `packErrors`. */
export function unpackErrors(value: unknown): unknown {
  if (isPlainObject(value) && MARK in value) return decodeError(value[MARK] as WireError)
  return mapPlain(value, unpackErrors)
}

function mapPlain(value: unknown, map: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map)
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, map(inner)]))
}

function define(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, writable: true, configurable: true })
}

/** Errors of other realms and libraries count too, whatever their fields. */
interface ErrorLike {
  readonly name?: unknown
  readonly message: unknown
  readonly stack: unknown
}

function isErrorLike(thrown: unknown): thrown is ErrorLike {
  if (isError(thrown)) return true
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'stack' in thrown
}

/**
 * Returns the value itself if it can be posted; of a plain object, the members that can; otherwise
 * a description of its type.
 */
function cloneable(value: unknown, depth = 0): unknown {
  try {
    structuredClone(value)
    return value
  } catch {
    if (isPlainObject(value) && depth < MAX_DEPTH)
      return mapPlain(value, (v) => cloneable(v, depth + 1))
    return `[${typeof value} that cannot leave its thread]`
  }
}
