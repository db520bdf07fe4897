import { describeValue } from '../../options/describe-value.js'
import type { CelType, RoutingValue, ShardingSpec } from '../../types.js'
import { toInteger } from '../../text/lenient-integer.js'
import { isObject, stringifyJson, type JsonValue } from '../../text/lossless-json.js'
import type { ManifestRow } from './manifest-row.js'
import type { BuildMetaColumn } from './manifest-tables.js'

const MEMBERS = new Set(['strategy', 'hash_algorithm', 'routing_values', 'cel_expr', 'cel_columns'])

/** Encodes the `sharding` column; writes all five members, as the reference does. */
export function encodeSharding(sharding: ShardingSpec): string {
  const cel = sharding.strategy === 'cel' ? sharding : undefined
  const json = {
    strategy: sharding.strategy,
    hash_algorithm: sharding.hashAlgorithm,
    routing_values: cel?.routingValues ?? null,
    cel_expr: cel?.celExpr ?? null,
    cel_columns: cel?.celColumns ?? null,
  }
  return stringifyJson(json, 'spaced')
}

/**
 * Decodes the `sharding` column, the only object whose unknown members are refused.
 *
 * Source: wire-format §3.4.
 */
export function decodeSharding(row: ManifestRow<BuildMetaColumn>): ShardingSpec {
  const json = row.jsonObject('sharding', { integers: 'bigint' })
  for (const name of Object.keys(json)) {
    if (!MEMBERS.has(name))
      throw row.refuse('sharding', `has an unknown member ${describeValue(name)}`)
  }
  const { strategy = 'hash', hash_algorithm: hashAlgorithm } = json
  if (hashAlgorithm !== 'xxh3_64') {
    throw row.refuse(
      'sharding.hash_algorithm',
      `must be "xxh3_64", got ${describeValue(hashAlgorithm)}`,
    )
  }
  if (strategy === 'cel') return { strategy, hashAlgorithm, ...decodeCel(row, json) }
  if (strategy !== 'hash') {
    throw row.refuse('sharding.strategy', `must be "hash" or "cel", got ${describeValue(strategy)}`)
  }
  for (const name of ['routing_values', 'cel_expr', 'cel_columns'] as const) {
    const value = json[name] ?? null
    if (value !== null)
      throw row.refuse(`sharding.${name}`, `must be absent for "hash", got ${describeValue(value)}`)
  }
  return { strategy, hashAlgorithm }
}

function decodeCel(row: ManifestRow<BuildMetaColumn>, json: Record<string, JsonValue>) {
  const { cel_expr: celExpr, cel_columns: columns, routing_values: values } = json
  if (typeof celExpr !== 'string' || celExpr === '') {
    throw row.refuse('sharding.cel_expr', `must be an expression, got ${describeValue(celExpr)}`)
  }
  if (columns === undefined || !isObject(columns) || Object.keys(columns).length === 0) {
    throw row.refuse(
      'sharding.cel_columns',
      `must name at least one column, got ${describeValue(columns)}`,
    )
  }
  for (const type of Object.values(columns)) {
    if (typeof type !== 'string') {
      throw row.refuse(
        'sharding.cel_columns',
        `must give types as text, got ${describeValue(type)}`,
      )
    }
  }
  return {
    celExpr,
    // Compiling the expression checks whether CEL has these types, as in the reference.
    celColumns: columns as Record<string, CelType>,
    routingValues:
      values === undefined || values === null ? undefined : decodeRoutingValues(row, values),
  }
}

function decodeRoutingValues(
  row: ManifestRow<BuildMetaColumn>,
  json: JsonValue,
): readonly RoutingValue[] {
  const column = 'sharding.routing_values'
  if (!Array.isArray(json)) throw row.refuse(column, `must be an array, got ${describeValue(json)}`)
  const values = json.map((value) => {
    const token = typeof value === 'string' || typeof value === 'boolean' ? value : toInteger(value)
    if (typeof token === 'string' || typeof token === 'bigint') return token
    throw row.refuse(column, `must hold integers or strings, got ${describeValue(value)}`)
  })
  const types = new Set(values.map((value) => typeof value))
  if (types.size > 1) throw row.refuse(column, 'must be all integers or all strings, got both')
  if (new Set(values).size < values.length) throw row.refuse(column, 'must not name a value twice')
  return values
}
