import { describeValue } from '../options/describe-value.js'
import type { RoutingValue } from '../types.js'
import { compareUtf8 } from '../text/compare-utf8.js'
import { isWellFormed } from '../text/well-formed.js'
import type { RoutingToken } from './cel/cel-token.js'
import { routingError } from '../errors/error-factories.js'
import { isBytes } from '../text/bytes.js'

/**
 * Checks the routing values of a categorical sharding and returns them with integers as bigint.
 *
 * Errors: SHARD_ROUTING unless all are integers or all are strings, without repetition. Bytes are
 * refused: a manifest would turn them into text. Source: wire-format §4.3.
 */
export function validateRoutingValues(values: readonly unknown[], where: string): RoutingValue[] {
  const checked = values.map((value, i) => routingValue(value, `${where}: routing value ${i}`))
  const seen = new Set<RoutingValue>()
  for (const [i, value] of checked.entries()) {
    if (typeof value !== typeof checked[0]) {
      throw refuse(where, 'routing values must be all integers or all strings, got both')
    }
    if (seen.has(value)) {
      throw refuse(
        where,
        `routing values must be distinct, got ${describeValue(value)} again at ${i}`,
      )
    }
    seen.add(value)
  }
  return checked
}

/**
 * Returns the routing values of a data set: its distinct tokens, ascending (numerically, or by code
 * point).
 *
 * Errors: as `validateRoutingValues`.
 */
export function inferRoutingValues(tokens: Iterable<RoutingToken>, where: string): RoutingValue[] {
  // The Set comes first: a data set has many rows and few distinct tokens.
  return validateRoutingValues([...new Set(tokens)], where).sort(compareRoutingValues)
}

function compareRoutingValues(a: RoutingValue, b: RoutingValue): number {
  if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}

function routingValue(value: unknown, where: string): RoutingValue {
  if (typeof value === 'bigint') return value
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  if (typeof value === 'string' && isWellFormed(value)) return value
  if (isBytes(value)) {
    throw refuse(
      where,
      `must be an integer or a string, got ${describeValue(value)}, which a manifest cannot hold; ` +
        'make the expression return a string',
    )
  }
  throw refuse(where, `must be an integer or a well-formed string, got ${describeValue(value)}`)
}

function refuse(where: string, problem: string): Error {
  return routingError(where, problem, { peer: 'ConfigValidationError' })
}
