import { describeValue } from '../../options/describe-value.js'
import type { RoutingValue } from '../../types.js'
import { routingError } from '../../errors/error-factories.js'
import { isBytes } from '../../text/bytes.js'

/** A value by which a CEL expression names a shard; a uint is a bigint like an int. */
export type RoutingToken = bigint | string | Uint8Array

// ASCII digits only: Python's int() accepts more (underscores, other digits), but nothing should
// rely on it.
const INTEGER_TEXT = /^\s*[+-]?\d+\s*$/

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Direct mode: returns the shard number that a token spells, without checking that the shard
 * exists.
 *
 * Errors: SHARD_ROUTING for text or bytes that are not a decimal integer. Source: wire-format §4.3,
 * §17.
 */
export function directShard(token: RoutingToken, where: string): bigint {
  if (typeof token === 'bigint') return token
  const text = typeof token === 'string' ? token : textOf(token)
  if (text !== undefined && INTEGER_TEXT.test(text)) return BigInt(text)
  throw routingError(
    where,
    `the CEL expression must return a shard number, got ${describeValue(token)}; ` +
      'for named shards list them as routing values',
    { peer: 'ValueError' },
  )
}

/**
 * Categorical mode: maps each routing value to its position; 1 and "1" are different.
 *
 * Shape: a Map works, because it compares bigints by value.
 */
export function categoricalTable(
  values: readonly RoutingValue[],
): ReadonlyMap<RoutingValue, number> {
  return new Map(values.map((value, shard) => [value, shard]))
}

/**
 * Categorical mode: returns the shard of a token; bytes are looked up as the text with the same
 * bytes.
 *
 * Errors: SHARD_ROUTING with peer UnknownRoutingTokenError if it is not among the routing values.
 */
export function categoricalShard(
  table: ReadonlyMap<RoutingValue, number>,
  token: RoutingToken,
  where: string,
): number {
  const shard = table.get(isBytes(token) ? bytesValue(token) : token)
  if (shard !== undefined) return shard
  throw routingError(
    where,
    `the CEL expression returned ${describeValue(token)}, ` +
      `which is not one of the ${table.size} routing values`,
    { peer: 'UnknownRoutingTokenError' },
  )
}

/**
 * The routing value for bytes: the text with the same bytes or, if they are not UTF-8, one with a NUL, which
 * no expression returns. Snapshots of vectors of the Python project may have such bytes.
 */
export function bytesValue(bytes: Uint8Array): string {
  const hex = (): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return textOf(bytes) ?? `\0${hex()}`
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
