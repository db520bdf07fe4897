import {
  celEnv,
  celFunc,
  CelScalar,
  celUint,
  isCelError,
  isCelUint,
  parse,
  plan,
} from '@bufbuild/cel'
import type { CelInput, CelUint } from '@bufbuild/cel'
import { invalidKey } from '../keys/invalid-key.js'
import { requireInt64 } from '../keys/routing-bytes.js'
import { describeValue } from '../options.js'
import type { CelType, Key, RoutingContext } from '../types.js'
import { columnValue, expectedOf, isCelType } from './cel-column.js'
import { findUnknownName } from './cel-names.js'
import type { RoutingToken } from './cel-token.js'
import { routingError } from './routing-error.js'
import { xxh3, xxh3OfBigInt } from './xxh3.js'

type Bindings = Record<string, CelInput>
type Evaluate = (bindings: Bindings) => unknown

const NO_OVERLOAD = /^found no matching overload/

/**
 * A compiled CEL expression over typed columns, yielding the token that names a shard.
 *
 * This module loads the CEL library; import it on demand.
 * Source: wire-format §4.3.
 */
export class CelExpression {
  readonly source: string
  readonly columns: Readonly<Record<string, CelType>>
  readonly #columns: readonly (readonly [name: string, type: CelType])[]
  readonly #evaluate: Evaluate

  private constructor(
    source: string,
    columns: Readonly<Record<string, CelType>>,
    evaluate: Evaluate,
  ) {
    this.source = source
    this.columns = columns
    this.#columns = Object.entries(columns)
    this.#evaluate = evaluate
  }

  /**
   * Compiles an expression over the columns, with CEL's own functions and `shard_hash`.
   *
   * Errors: SHARD_ROUTING for syntax errors, unknown names and column types, and operators or
   * functions applied to types they do not take (such as `shard_hash(key) % 8`, which needs `8u`).
   */
  static compile(
    source: string,
    columns: Readonly<Record<string, CelType>>,
    where: string,
  ): CelExpression {
    const refuse = (problem: string, cause?: unknown) =>
      routingError(where, problem, 'ConfigValidationError', cause)
    const names = Object.keys(columns)
    if (names.length === 0) throw refuse('a CEL sharding needs at least one column, got none')
    for (const name of names) {
      if (isCelType(columns[name])) continue
      throw refuse(
        `column ${describeValue(name)} must be int, uint, string, bytes, double or bool, ` +
          `got ${describeValue(columns[name])}`,
      )
    }
    const env = celEnv({ funcs: FUNCTIONS })
    let evaluate: Evaluate
    try {
      const parsed = parse(source)
      const unknown = findUnknownName(parsed.expr, new Set(names), env.funcs)
      if (unknown !== undefined) {
        const hint = unknown.kind === 'variable' ? `; the columns are ${names.join(', ')}` : ''
        throw new Error(`unknown ${unknown.kind} ${describeValue(unknown.name)}${hint}`)
      }
      evaluate = plan(env, parsed)
    } catch (error) {
      throw refuse(`the CEL expression does not compile: ${messageOf(error)}`, error)
    }
    const mismatch = findTypeMismatch(evaluate, columns)
    if (mismatch !== undefined) {
      const hint = mismatch.includes('(uint, int)') ? '; unsigned numbers need a u, as in 8u' : ''
      throw refuse(`the CEL expression does not compile: ${mismatch}${hint}`)
    }
    return new CelExpression(source, columns, evaluate)
  }

  /**
   * The token for a record or look-up: over `context` when given, else over the key alone.
   *
   * Errors: SHARD_ROUTING when a context is needed (any columns but a single one named `key`), when
   * it lacks a column or a value does not fit its column, when evaluation fails or gives another
   * type than int, uint, string or bytes; SHARD_INVALID_KEY for a key that does not fit.
   */
  evaluate(key: Key, context: RoutingContext | undefined, where: string): RoutingToken {
    const result = this.#evaluate(
      context === undefined ? this.#bindKey(key, where) : this.#bindContext(context, where),
    )
    if (isCelError(result)) {
      throw routingError(
        where,
        `the CEL expression failed: ${messageOf(result)}`,
        'ValueError',
        result,
      )
    }
    if (typeof result === 'bigint' || typeof result === 'string') return result
    if (result instanceof Uint8Array) return result
    if (isCelUint(result)) return result.value
    throw routingError(
      where,
      `the CEL expression must give int, uint, string or bytes, got ${describeValue(result)}`,
      'ConfigValidationError',
    )
  }

  #bindKey(key: Key, where: string): Bindings {
    const [name, type] = this.#columns[0]!
    if (this.#columns.length > 1 || name !== 'key') {
      const names = this.#columns.map(([column]) => column).join(', ')
      throw routingError(
        where,
        `the CEL expression is over ${names}; pass a routing context with ${
          this.#columns.length > 1 ? 'these columns' : 'this column'
        }`,
        'ValueError',
      )
    }
    const value = columnValue(key, type)
    if (value !== undefined) return bindings([[name, type, value]])
    throw invalidKey(
      where,
      `this snapshot is sharded by a CEL expression whose key must be ${expectedOf(type)}, ` +
        `got ${describeValue(key)}`,
      'ValueError',
    )
  }

  #bindContext(context: RoutingContext, where: string): Bindings {
    return bindings(
      this.#columns.map(([name, type]) => {
        const given = context[name]
        // CEL has a null; an expression may test for it.
        const value = given === null ? null : columnValue(given, type)
        if (value !== undefined) return [name, type, value]
        const got = given === undefined ? 'nothing' : describeValue(given)
        throw routingError(
          where,
          `column ${name} of the routing context must be ${expectedOf(type)}, got ${got}`,
          'ValueError',
        )
      }),
    )
  }
}

// `shard_hash` is xxh3_64 of the routing bytes whatever the manifest's hash algorithm; a uint is
// hashed like the equal int.
const { INT, UINT, STRING, BYTES } = CelScalar
const FUNCTIONS = [
  celFunc('shard_hash', [INT], UINT, (value) => shardHash(value)),
  celFunc('shard_hash', [UINT], UINT, (value) => shardHash(value.value)),
  celFunc('shard_hash', [STRING], UINT, (value) => shardHash(value)),
  celFunc('shard_hash', [BYTES], UINT, (value) => shardHash(value)),
  // The library's own conversions take what BigInt() takes: "" as 0, "0x10" as 16. Such a row would
  // silently land in another shard than elsewhere, so only decimal digits pass here.
  celFunc('int', [STRING], INT, (text) => decimal(text, 'int')),
  celFunc('uint', [STRING], UINT, (text) => celUint(decimal(text, 'uint'))),
]

function decimal(text: string, type: 'int' | 'uint'): bigint {
  const value = /^[+-]?\d+$/.test(text) ? columnValue(BigInt(text), type) : undefined
  if (typeof value === 'bigint') return value
  throw new Error(`${type}() needs ${expectedOf(type)} in decimal digits`)
}

// Text is well-formed here: columns are checked, and CEL has no way to make a lone surrogate.
function shardHash(value: RoutingToken): CelUint {
  if (typeof value !== 'bigint') return celUint(xxh3(value))
  requireInt64(value, 'shard_hash')
  return celUint(xxh3OfBigInt(value))
}

type Binding = readonly [name: string, type: CelType, value: ReturnType<typeof columnValue> | null]

function bindings(columns: readonly Binding[]): Bindings {
  // Without a prototype: the library looks variables up by plain property access.
  const bound: Bindings = Object.create(null)
  for (const [name, type, value] of columns) {
    bound[name] = type === 'uint' && typeof value === 'bigint' ? celUint(value) : value!
  }
  return bound
}

const SAMPLES: Readonly<Record<CelType, readonly [CelInput, CelInput]>> = {
  int: [0n, 1n],
  uint: [celUint(0n), celUint(1n)],
  string: ['', '1'],
  bytes: [new Uint8Array(0), Uint8Array.of(0x31)],
  double: [0, 1],
  bool: [false, true],
}

// The library exports no type checker, so the types are tried out: with values of the declared
// types, a missing overload is a fault of the expression; any other failure may lie in the values.
function findTypeMismatch(
  evaluate: Evaluate,
  columns: Readonly<Record<string, CelType>>,
): string | undefined {
  for (const sample of [0, 1] as const) {
    const bound: Bindings = Object.create(null)
    for (const [name, type] of Object.entries(columns)) bound[name] = SAMPLES[type][sample]
    const result = evaluate(bound)
    if (isCelError(result) && NO_OVERLOAD.test(result.message)) return result.message
  }
  return undefined
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}
