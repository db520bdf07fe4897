import { CelFailure, CelFatalError } from '../cel-failure.js'
import { isBytes } from '../../../text/bytes.js'

/** A value of an expression: int is bigint, double is number, list is an array. */
export type Value =
  | bigint
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | CelUint
  | CelTimestamp
  | CelDuration
  | CelTypeName
  | CelMap
  | readonly Value[]

export class CelUint {
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }
}

/** Nanoseconds since 1970. */
export class CelTimestamp {
  readonly ns: bigint

  constructor(ns: bigint) {
    this.ns = ns
  }
}

/** Nanoseconds. */
export class CelDuration {
  readonly ns: bigint

  constructor(ns: bigint) {
    this.ns = ns
  }
}

/** A type as a value, such as `int` in `type(x) == int`. */
export class CelTypeName {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

type MapKey = bigint | string | boolean

/** A map. An int and a uint of the same number are two keys of it, but lookups find either. */
export class CelMap {
  readonly #entries = new Map<MapKey, readonly [key: Value, value: Value]>()

  get size(): number {
    return this.#entries.size
  }

  /**
   * Errors: CelFailure for a key of another type than int, uint, string and bool, or a second value
   * for a key.
   */
  add(key: Value, value: Value): void {
    const normal = mapKey(key)
    if (normal === undefined) throw new CelFailure(`a map key must not be ${typeName(key)}`)
    if (this.#entries.has(normal)) throw new CelFatalError('a map has the same key twice')
    this.#entries.set(normal, [key, value])
  }

  get(key: Value): Value | undefined {
    const exact = mapKey(key)
    const found = exact === undefined ? undefined : this.#entries.get(exact)
    return (found ?? this.#entries.get(otherNumber(key)!))?.[1]
  }

  keys(): Value[] {
    return Array.from(this.#entries.values(), ([key]) => key)
  }

  entries(): Iterable<readonly [key: Value, value: Value]> {
    return this.#entries.values()
  }
}

function mapKey(key: Value): MapKey | undefined {
  if (typeof key === 'bigint' || typeof key === 'boolean') return key
  if (typeof key === 'string') return `s${key}`
  return key instanceof CelUint ? `u${key.value}` : undefined
}

/** Returns the key of the same number as another type. */
function otherNumber(key: Value): MapKey | undefined {
  if (typeof key === 'bigint') return `u${key}`
  if (key instanceof CelUint) return key.value
  // A double that is a whole number is looked up as an int, which is enough for every map a program
  // can write.
  return typeof key === 'number' && Number.isInteger(key) ? BigInt(key) : undefined
}

/** Returns the name that `type()` gives. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    default:
  }
  if (value === null) return 'null_type'
  if (value instanceof CelUint) return 'uint'
  if (isBytes(value)) return 'bytes'
  if (value instanceof CelMap) return 'map'
  if (value instanceof CelTimestamp) return 'google.protobuf.Timestamp'
  if (value instanceof CelDuration) return 'google.protobuf.Duration'
  return value instanceof CelTypeName ? 'type' : 'list'
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}
