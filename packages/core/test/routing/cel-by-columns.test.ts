import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CelType } from '@shardyfusion/core'
import { celShardingByColumns } from '#dist/routing/cel/cel-by-columns.js'
import { failure, vectors } from '../support/key-vectors.js'

test('celShardingByColumns: writes the expressions of the vectors', () => {
  for (const vector of vectors.cel_by_columns) {
    const built = celShardingByColumns(Object.fromEntries(vector.columns), {
      shards: vector.num_shards ?? undefined,
      separator: vector.separator,
    })
    assert.deepEqual(built, {
      cel: vector.cel_expr,
      columns: vector.cel_columns,
      shards: vector.num_shards ?? undefined,
      values: vector.num_shards === null ? 'infer' : undefined,
    })
  }
})

test('celShardingByColumns: refuses what would write a broken expression', () => {
  const refused = failure('SHARD_ROUTING', 'ConfigValidationError')
  const bad: [Record<string, CelType>, object][] = [
    [{}, {}],
    [{ 'a-b': 'string' }, {}],
    [{ 'a) + (b': 'string' }, {}],
    [{ a: 'text' as CelType }, {}],
    [{ a: 'string' }, { shards: 0 }],
    [{ a: 'string' }, { shards: 1.5 }],
    [{ a: 'string' }, { shards: 2, values: ['x'] }],
    [{ a: 'string', b: 'string' }, { separator: '\ud800' }],
  ]
  for (const [columns, options] of bad) {
    assert.throws(() => celShardingByColumns(columns, options), refused)
  }
})
