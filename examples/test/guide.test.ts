import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { SnapshotReader } from '@shardyfusion/core'
import * as guide from '#dist/guide.js'
import type { Order } from '#dist/guide.js'

const regions = ['asia', 'eu', 'us'] as const
const orders: readonly Order[] = Array.from({ length: 60 }, (_, id) => ({
  id,
  region: regions[id % 3]!,
  total: id * 10,
}))

// Discard the output of the snippets; the tests check the data.
function quiet(t: TestContext): void {
  t.mock.method(console, 'error', () => {})
}

test('guide: writes a stream of orders, reads, scans and refreshes', async (t) => {
  quiet(t)
  async function* stream(): AsyncGenerator<Order> {
    yield* orders
  }
  const prefix = 'memory://guide'
  const published = await guide.write(prefix, stream())
  assert.equal(published.rowCount, 60)

  const seen = await guide.read(prefix)
  assert.deepEqual(seen.order, orders[16])
  assert.deepEqual(seen.some, [orders[16], orders[17], undefined])
  assert.equal(seen.moved, false)
  assert.equal(seen.runId, published.runId)
  // The last ten of eu/… in the order of text.
  const last = orders
    .filter(({ region }) => region === 'eu')
    .sort((a, b) => (String(a.id) < String(b.id) ? 1 : -1))
    .slice(0, 10)
  assert.equal(
    seen.sums.lastTen,
    last.reduce((sum, { total }) => sum + total, 0),
  )
  assert.equal(
    seen.sums.bytes,
    orders.reduce((sum, order) => sum + JSON.stringify(order).length, 0),
  )
})

test('guide: a restarted build reuses finished shards', async (t) => {
  quiet(t)
  const prefix = 'memory://guide-reliable'
  const first = await guide.writeReliably(prefix, orders, '2026-11-25')
  assert.deepEqual([first.shardsResumed, first.attempts], [0, 8])
  const again = await guide.writeReliably(prefix, orders, '2026-11-25')
  assert.equal(again.shardsResumed, 8)
  assert.equal(again.manifestRef, first.manifestRef)
})

test('guide: changes make the next snapshot', async (t) => {
  quiet(t)
  const prefix = 'memory://guide-update'
  await guide.writeReliably(prefix, orders, '2026-11-25')
  async function* changes() {
    yield { op: 'put' as const, order: { ...orders[16]!, total: 1 } }
    yield { op: 'delete' as const, order: orders[17]! }
    yield { op: 'put' as const, order: { ...orders[0]!, id: 1000 } }
  }
  const updated = await guide.applyChanges(prefix, changes())
  assert.deepEqual(updated.rows, { inserted: 1, replaced: 1, deleted: 1 })
  assert.equal(updated.rowCount, 60)
  await using reader = await SnapshotReader.open({ prefix, values: 'json' })
  assert.deepEqual(await reader.getMany([16, 17, 18]), [
    { ...orders[16], total: 1 },
    undefined,
    orders[18],
  ])
})

test('guide: a writer publishes its rows', async () => {
  const prefix = 'memory://guide-writer'
  const rows = [1n, 2n, 3n].map((id) => ({ id, bytes: Uint8Array.of(Number(id)) }))
  await guide.writeRowByRow(prefix, rows)
  await using reader = await SnapshotReader.open({ prefix })
  assert.deepEqual(await reader.getMany([3, 2n]), [Uint8Array.of(3), Uint8Array.of(2)])
})

test('guide: a snapshot sharded by region finds an order by its id and region', async () => {
  assert.deepEqual(await guide.byRegion('memory://guide-cel', orders), {
    id: 16,
    region: 'eu',
    total: 160,
  })
})

test('guide: opening an empty prefix is handled as an error', async () => {
  assert.equal(await guide.openWhenPublished('memory://guide-nothing'), undefined)
})

test('guide: writes and reads a single shard', async () => {
  const bytes = Uint8Array.of(1, 2, 3)
  const { rowCount, checkpointId, value } = await guide.oneShard('memory://guide-shard/0', bytes)
  assert.equal(rowCount, 1)
  assert.match(checkpointId, /^[0-9a-f]{32}$/)
  assert.deepEqual(value, bytes)
})
