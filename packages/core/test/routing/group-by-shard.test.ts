import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ShardingSpec } from '@shardyfusion/core/extend'
import { groupByShard } from '#dist/routing/group-by-shard.js'
import { openRouter } from '#dist/routing/open-router.js'

const hash: ShardingSpec = { strategy: 'hash', hashAlgorithm: 'xxh3_64' }
const categorical = (column: string): ShardingSpec => ({
  strategy: 'cel',
  hashAlgorithm: 'xxh3_64',
  celExpr: column,
  celColumns: { [column]: 'string' },
  routingValues: ['ap', 'eu'],
})

test('groupByShard: every position once, in input order, repeated keys included', async () => {
  const router = await openRouter(hash, 7)
  const keys = Array.from({ length: 500 }, (_, i) => i % 90)
  const { groups, unroutable } = groupByShard(router, keys)
  assert.deepEqual(unroutable, [])
  const seen: number[] = []
  for (const [shard, positions] of groups) {
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
    )
    for (const i of positions) assert.equal(router.route(keys[i]!), shard)
    seen.push(...positions)
  }
  assert.deepEqual(
    seen.sort((a, b) => a - b),
    keys.map((_, i) => i),
  )
})

test('groupByShard: sets keys with an unknown categorical token aside', async () => {
  const router = await openRouter(categorical('key'), 2)
  const { groups, unroutable } = groupByShard(router, ['eu', 'jp', 'ap', 'eu', ''])
  assert.deepEqual(
    groups,
    new Map([
      [1, [0, 3]],
      [0, [2]],
    ]),
  )
  assert.deepEqual(unroutable, [1, 4])
})

test('groupByShard: a context sends the whole batch to one shard, or nowhere', async () => {
  const router = await openRouter(categorical('region'), 2)
  assert.deepEqual(
    groupByShard(router, [1, 2, 'x'], { region: 'eu' }).groups,
    new Map([[1, [0, 1, 2]]]),
  )
  const nowhere = groupByShard(router, [1, 2], { region: 'jp' })
  assert.deepEqual(nowhere, { groups: new Map(), unroutable: [0, 1] })
  assert.deepEqual(groupByShard(router, [], { region: 'eu' }), {
    groups: new Map(),
    unroutable: [],
  })
})

test('groupByShard: any other failure is thrown', async () => {
  const router = await openRouter(categorical('key'), 2)
  assert.throws(() => groupByShard(router, ['eu', 5]), { code: 'SHARD_INVALID_KEY' })
  const byRegion = await openRouter(categorical('region'), 2)
  assert.throws(() => groupByShard(byRegion, ['eu']), { code: 'SHARD_ROUTING' })
  assert.throws(() => groupByShard(byRegion, ['eu'], {}), { code: 'SHARD_ROUTING' })
})
