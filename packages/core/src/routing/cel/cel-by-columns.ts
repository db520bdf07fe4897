import { describeValue } from '../../options/describe-value.js'
import type { CelShardingOption } from './cel-sharding-option.js'
import type { CelType, RoutingValue } from '../../types.js'
import { isWellFormed } from '../../text/well-formed.js'
import { isCelType } from './cel-column.js'
import { routingError } from '../../errors/error-factories.js'

/** Options of `celShardingByColumns`. */
export interface CelByColumnsOptions {
  /** Number of shards that the hash of the columns is distributed over. */
  readonly shards?: number | undefined
  /**
   * Without `shards`: the existing combinations, each of which becomes a shard; `'infer'` by
   * default.
   */
  readonly values?: readonly RoutingValue[] | 'infer' | undefined
  /** Text between the values of several columns (default `:`). */
  readonly separator?: string | undefined
}

const WHERE = 'celShardingByColumns'
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/
const HASHABLE: readonly CelType[] = ['int', 'uint', 'string', 'bytes']

/**
 * Makes the `sharding` option for a CEL sharding by the values of one or more columns, in the given
 * order.
 *
 * Errors: SHARD_ROUTING for no columns, names that are not CEL identifiers, unknown types, a bad
 * number of shards. Source: wire-format §4.3, peer `cel_sharding_by_columns`.
 *
 * @example
 * const sharding = celShardingByColumns({ region: 'string', tier: 'int' }, { shards: 8 })
 * // sharding.cel: shard_hash(region + ":" + string(tier)) % 8u
 */
export function celShardingByColumns(
  columns: Readonly<Record<string, CelType>>,
  options: CelByColumnsOptions = {},
): CelShardingOption {
  const { shards, values, separator = ':' } = options
  const entries = Object.entries(columns)
  if (entries.length === 0) throw refuse('at least one column is needed, got none')
  for (const [name, type] of entries) {
    if (!IDENTIFIER.test(name))
      throw refuse(`a column name must be a CEL identifier, got ${describeValue(name)}`)
    if (!isCelType(type)) throw refuse(`column ${name} has the unknown type ${describeValue(type)}`)
  }
  if (shards !== undefined && !(Number.isSafeInteger(shards) && shards >= 1)) {
    throw refuse(`shards must be an integer of 1 or more, got ${describeValue(shards)}`)
  }
  if (shards !== undefined && values !== undefined) throw refuse('give shards or values, not both')
  const token = entries.length === 1 ? oneColumn(entries[0]!) : joinColumns(entries, separator)
  return {
    cel: shards === undefined ? token : `shard_hash(${token}) % ${shards}u`,
    columns: Object.fromEntries(entries),
    shards,
    values: shards === undefined ? (values ?? 'infer') : undefined,
  }
}

function oneColumn([name, type]: [string, CelType]): string {
  return HASHABLE.includes(type) ? name : `string(${name})`
}

function joinColumns(entries: readonly [string, CelType][], separator: string): string {
  const literal = textLiteral(separator)
  return entries
    .map(([name, type]) => (type === 'string' ? name : `string(${name})`))
    .join(` + ${literal} + `)
}

// JSON text in ASCII, which is also a CEL literal, except that CEL refuses surrogate escapes and
// has \UXXXXXXXX for code points beyond U+FFFF.
function textLiteral(text: string): string {
  if (!isWellFormed(text))
    throw refuse('separator must be well-formed Unicode, got a lone surrogate')
  return JSON.stringify(text).replace(/[^ -~]/gu, (char) => {
    const hex = char.codePointAt(0)!.toString(16)
    return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`
  })
}

function refuse(problem: string): Error {
  return routingError(WHERE, problem, { peer: 'ConfigValidationError' })
}
