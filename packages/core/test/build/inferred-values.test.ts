import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  celShardingByColumns,
  memoryStore,
  SnapshotReader,
  SnapshotWriter,
  type WriteSnapshotOptions,
  writeSnapshot,
} from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import { encodeKey } from '#dist/keys/stored-bytes.js'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import fc from 'fast-check'
import { objectEngine } from '../support/object-engine.js'

interface Order {
  readonly id: number
  readonly region: string
}

const REGIONS = ['us', 'eu', '\uffff', '😀', 'asia', 'é']
const orders = Array.from({ length: 3000 }, (_, id): Order => ({
  id,
  region: REGIONS[id % REGIONS.length]!,
}))
/** By code point, in which 😀 comes last. */
const SORTED = ['asia', 'eu', 'us', 'é', '\uffff', '😀']
let places = 0

function options(more: Partial<Omit<WriteSnapshotOptions<Order, 'utf8'>, 'values'>> = {}) {
  return {
    prefix: `memory://inferred-${places++}/snapshots`,
    engine: objectEngine(),
    sharding: { cel: 'region', columns: { region: 'string' }, values: 'infer' },
    key: 'id',
    value: ({ id, region }: Order) => `${id} ${region}`,
    values: 'utf8',
    ...more,
  } as const satisfies WriteSnapshotOptions<Order, 'utf8'>
}

async function check(made: ReturnType<typeof options>, rows: readonly Order[] = orders) {
  const { prefix, engine } = made
  await using reader = await SnapshotReader.open({ prefix, engine, values: 'utf8' })
  for (const { id, region } of rows.slice(0, 50)) {
    assert.equal(await reader.get(id, { context: { region } }), `${id} ${region}`)
  }
  assert.equal(await reader.get(1, { context: { region: 'nowhere' } }), undefined)
}

async function valuesOf(prefix: string, manifestRef: string) {
  const store = new ObjectManifestStore(memoryStore(prefix.split('/')[2]!), prefix)
  const { sharding } = await store.loadManifest(manifestRef)
  return sharding.strategy === 'cel' ? sharding.routingValues : undefined
}

async function* stream<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows
}

for (const [name, records] of [
  ['a collection, which is read twice', () => orders],
  ['a generator, which is read once', () => orders.values()],
  ['a stream', () => stream(orders)],
  ['a set', () => new Set(orders)],
] as const) {
  test(`infer: ${name}, has a shard of every value, in ascending order`, async () => {
    const made = options()
    const published = await writeSnapshot(records(), made)
    assert.equal(published.rowCount, orders.length)
    assert.deepEqual(
      published.shards.map(({ rowCount }) => rowCount),
      SORTED.map(() => orders.length / REGIONS.length),
    )
    await check(made)
    assert.deepEqual(await valuesOf(made.prefix, published.manifestRef), SORTED)
  })
}

test('infer: integers are ordered by number, and the last row of a key wins', async () => {
  const rows = [10, -3, 2, 10, -3].map((n, i) => ({ id: n + 3, n, i }))
  for (const records of [rows, stream(rows)]) {
    const made = { prefix: `memory://inferred-${places++}/s`, engine: objectEngine() }
    const sharding = celShardingByColumns({ n: 'int' })
    assert.equal(sharding.values, 'infer')
    const whole = { ...made, sharding, key: 'id', values: 'json' } as const
    const published = await writeSnapshot(records, whole)
    assert.deepEqual(await valuesOf(made.prefix, published.manifestRef), [-3n, 2n, 10n])
    await using reader = await SnapshotReader.open({ ...made, values: 'json' })
    assert.deepEqual(await reader.get(13, { context: { n: 10 } }), rows[3])
    assert.deepEqual(await reader.get(0, { context: { n: -3 } }), rows[4])
  }
})

test('infer: rows that are put one by one, or in chunks, are placed when all have come', async () => {
  const made = { prefix: `memory://inferred-${places++}/s`, engine: objectEngine() }
  const sharding = {
    cel: 'key % 3 == 0 ? "fizz" : "other"',
    columns: { key: 'int' },
    values: 'infer',
  } as const
  await using writer = await SnapshotWriter.open({ ...made, sharding })
  const value = new Uint8Array(1000)
  for (let i = 0; i < 30_000; i++) await writer.putSync(i, value)
  await writer.putChunk(packEntries([[encodeKey(30_000, 'u64be', 'test'), value]]))
  const published = await writer.publish()
  assert.deepEqual(
    published.shards.map(({ rowCount }) => rowCount),
    [10_001, 20_000],
  )
  await using reader = await SnapshotReader.open(made)
  assert.deepEqual(await reader.get(29_999), value)
})

test('infer: no rows make one empty shard', async () => {
  for (const records of [[], stream<Order>([])]) {
    const made = options()
    const published = await writeSnapshot(records, made)
    assert.equal(published.shards.length, 1)
    assert.equal(published.rowCount, 0)
  }
})

test('infer: any rows are where a snapshot with the same values given has them', async () => {
  const row = fc.record({ id: fc.nat(50), region: fc.string({ unit: 'binary', maxLength: 2 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), fc.boolean(), async (rows, once) => {
      const inferred = await writeSnapshot(once ? stream(rows) : rows, options())
      const values = [...new Set(rows.map(({ region }) => region.split('\0')[0]!))]
      values.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const sharding = { cel: 'region', columns: { region: 'string' }, values } as const
      const given = await writeSnapshot(rows, options({ sharding }))
      const facts = ({ shards }: typeof given) =>
        shards.map(({ rowCount, minKey, maxKey }) => [rowCount, minKey, maxKey])
      assert.deepEqual(facts(inferred), facts(given))
    }),
    { numRuns: 30 },
  )
})

test('infer: a failing row is named, and nothing is left', async () => {
  const bad = [...orders.slice(0, 700), { id: 700 } as Order]
  for (const records of [bad, stream(bad)]) {
    const made = options()
    await assert.rejects(writeSnapshot(records, made), /record 700.*column region/s)
    const store = memoryStore(made.prefix.split('/')[2]!)
    for await (const { url } of store.list(`${made.prefix}/shards`)) assert.fail(url)
  }
})

test('infer: bytes, values of two types, changing records and resume are refused', async () => {
  const of = (cel: string) =>
    options({ sharding: { cel, columns: { id: 'int', region: 'string' }, values: 'infer' } })
  for (const records of [() => orders, () => stream(orders)]) {
    await assert.rejects(
      writeSnapshot(records(), of('bytes(region)')),
      /make the expression return a string/,
    )
    await assert.rejects(
      writeSnapshot(records(), of('id == 7 ? dyn(1) : dyn(region)')),
      /all integers or all strings/,
    )
  }
  let left = 2
  const shrinking = { [Symbol.iterator]: () => orders.slice(0, left--).values() }
  await assert.rejects(writeSnapshot(shrinking, options()), /had \d+ rows, then \d+/)
  const resumed = options({ runId: 'run', resume: true })
  await assert.rejects(writeSnapshot(stream(orders), resumed), /resume needs the values/)
})
