import { describeValue } from '../../options/describe-value.js'
import type { RoutingValue } from '../../types.js'
import { routingError } from '../../errors/error-factories.js'

/** The values by which a CEL expression names a shard; a uint comes as bigint like an int. */
export type RoutingToken = bigint | string | Uint8Array

// ASCII digits only: Python's int() takes more (underscores, other digits), which nobody should
// rely on.
const INTEGER_TEXT = /^\s*[+-]?\d+\s*$/

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Direct mode: the shard number a token spells; whether there is such a shard is not checked here.
 *
 * Errors: SHARD_ROUTING for text or bytes that are not a decimal integer.
 * Source: wire-format §4.3, §17.
 */
export function directShard(token: RoutingToken, where: string): bigint {
  if (typeof token === 'bigint') return token
  const text = typeof token === 'string' ? token : textOf(token)
  if (text !== undefined && INTEGER_TEXT.test(text)) return BigInt(text)
  throw routingError(
    where,
    `the CEL expression must give a shard number, got ${describeValue(token)}; ` +
      'for named shards list them as routing values',
    { peer: 'ValueError' },
  )
}

/**
 * Categorical mode: position of each routing value, ready for look-ups; 1 and "1" are different.
 *
 * Shape: a Map serves as it is, since it compares bigints by value.
 */
export function categoricalTable(
  values: readonly RoutingValue[],
): ReadonlyMap<RoutingValue, number> {
  return new Map(values.map((value, shard) => [value, shard]))
}

/**
 * Categorical mode: the shard of a token; bytes are looked up as the text with the same bytes.
 *
 * Errors: SHARD_ROUTING with peer UnknownRoutingTokenError when it is not among the routing values.
 */
export function categoricalShard(
  table: ReadonlyMap<RoutingValue, number>,
  token: RoutingToken,
  where: string,
): number {
  const value = token instanceof Uint8Array ? textOf(token) : token
  const shard = value === undefined ? undefined : table.get(value)
  if (shard !== undefined) return shard
  throw routingError(
    where,
    `the CEL expression gave ${describeValue(token)}, ` +
      `which is none of the ${table.size} routing values`,
    { peer: 'UnknownRoutingTokenError' },
  )
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
