import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoutingValue } from '@shardyfusion/core'
import { categoricalShard, categoricalTable, directShard } from '#dist/routing/cel/cel-token.js'
import { discoverCelShards } from '#dist/routing/cel/discover-cel-shards.js'
import { inferRoutingValues, validateRoutingValues } from '#dist/routing/routing-values.js'
import fc from 'fast-check'
import { failure, untag, vectors } from '../support/key-vectors.js'

const refused = failure('SHARD_ROUTING', 'ConfigValidationError')

test('inferRoutingValues: agrees with the vectors, except that bytes are refused', () => {
  for (const vector of vectors.categorical_routing_values) {
    const tokens = vector.values.map((value) => untag<RoutingValue>(value))
    const bytes = vector.values.some(({ type }) => type === 'bytes')
    if (vector.ok && !bytes)
      assert.deepEqual(
        inferRoutingValues(tokens, 'test'),
        vector.result!.map((value) => untag<RoutingValue>(value)),
      )
    else assert.throws(() => inferRoutingValues(tokens, 'test'), refused)
  }
})

test('inferRoutingValues: gives ascending, distinct values that validate', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -9n, max: 9n })), (tokens) => {
      const values = inferRoutingValues(tokens, 'test')
      assert.deepEqual(new Set(values), new Set(tokens))
      for (let i = 1; i < values.length; i++) assert.ok(values[i - 1]! < values[i]!)
      assert.deepEqual(validateRoutingValues(values, 'test'), values)
    }),
  )
})

test('validateRoutingValues: takes safe integers as bigint and keeps the order', () => {
  assert.deepEqual(validateRoutingValues([2, 1n], 'test'), [2n, 1n])
  assert.deepEqual(validateRoutingValues([], 'test'), [])
})

test('validateRoutingValues: refuses other types, mixtures and repetition', () => {
  const bad: unknown[][] = [
    [null],
    [true],
    [1.5],
    [2 ** 53],
    ['\ud800'],
    [1n, 'a'],
    [1, 1n],
    ['a', 'a'],
  ]
  for (const values of bad) assert.throws(() => validateRoutingValues(values, 'test'), refused)
})

test('direct and categorical tokens: agree with the vectors', () => {
  for (const { token, routing_values, ok, result, error } of vectors.cel_resolve) {
    const resolve = () =>
      routing_values === null
        ? Number(directShard(untag<RoutingValue>(token), 'test'))
        : categoricalShard(
            categoricalTable(routing_values.map((value) => untag<RoutingValue>(value))),
            untag<RoutingValue>(token),
            'test',
          )
    if (ok) assert.equal(resolve(), result)
    else assert.throws(resolve, failure('SHARD_ROUTING', error!))
  }
})

test('discoverCelShards: agrees with the vectors', () => {
  for (const { ids, ok, result, error } of vectors.discover_cel_num_dbs) {
    if (ok) assert.equal(discoverCelShards(ids), result)
    else assert.throws(() => discoverCelShards(ids), failure('SHARD_ROUTING', error!))
  }
})

test('discoverCelShards: takes ids as often as they come and names the first gap', () => {
  assert.equal(discoverCelShards([1, 0, 1, 2, 2]), 3)
  assert.throws(() => discoverCelShards([0, 1, 3, 5]), /2 is missing below 5/)
})
