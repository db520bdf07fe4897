import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type EntryChunk,
  MemoryStore,
  planUpdate,
  ShardReader,
  SnapshotReader,
  SnapshotUpdater,
  sqlite,
  type UpdateProgress,
  updateSnapshot,
  writeSnapshot,
} from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { encodeKey } from '#dist/keys/stored-bytes.js'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const ENGINES = { slatedb: 'wasm' as const, sqlite: sqlite() }

let places = 0

function placeOf(
  name: keyof typeof ENGINES,
): Omit<Place, 'engine'> & { engine: 'wasm' | Place['engine'] } {
  const prefix = `memory://updates/${places++}`
  return { prefix, objects: new MemoryStore(), engine: ENGINES[name] }
}

/** Everything in the snapshot, by key. */
async function all(place: {
  prefix: string
  objects: Place['objects']
}): Promise<Map<bigint, string>> {
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8', keys: 'decoded' })
  const found = new Map<bigint, string>()
  for await (const [key, value] of reader.scanIter()) found.set(key as bigint, value)
  return found
}

for (const name of ['slatedb', 'sqlite'] as const) {
  test(`${name}: puts, replaces and deletes, and everything the manifest says stays exact`, async () => {
    const place = placeOf(name)
    const base = await publishRows(place as Place, 'row', 100)
    const updated = await updateSnapshot(
      [
        [7, 'seven'],
        [8, 'eight'],
        [8, undefined],
        [500, 'new'],
        [99, undefined],
        [99, 'again'],
        [100_000, undefined],
      ] as const,
      { ...place, values: 'utf8' },
    )
    const expected = new Map(base.shards.length > 0 ? rowsOf('row', 100) : [])
    expected.set(7n, 'seven').set(500n, 'new').set(99n, 'again').delete(8n)
    assert.deepEqual(await all(place), new Map([...expected].sort(([a], [b]) => Number(a - b))))
    assert.equal(updated.rowCount, 100)
    assert.equal(updated.baseRunId, base.runId)
    assert.notEqual(updated.runId, base.runId)
    assert.equal(updated.changes, 7)
    assert.deepEqual(updated.rows, { inserted: 1, replaced: 2, deleted: 1 })
    const report = await verifySnapshot(place)
    assert.deepEqual(report.findings, [])
    for (const shard of updated.shards) {
      const { objects, engine } = place
      await using reader = await ShardReader.open({ url: shard.url!, objects, engine })
      const keys: bigint[] = []
      for await (const [key] of reader.scanIter()) keys.push(Buffer.from(key).readBigUInt64BE())
      assert.deepEqual(
        [shard.rowCount, shard.minKey, shard.maxKey],
        [keys.length, keys[0], keys.at(-1)],
      )
      assert.match(shard.checkpointId!, /^[0-9a-f]{32}$/)
    }
  })

  test(`${name}: shards become empty, stay empty and fill up`, async () => {
    const place = placeOf(name)
    await writeSnapshot([[1, 'one']], { ...place, values: 'utf8', sharding: { shards: 4 } })
    const emptied = await updateSnapshot([[1, undefined]], { ...place, values: 'utf8' })
    assert.equal(emptied.rowCount, 0)
    assert.deepEqual(
      emptied.shards.map(({ url }) => url),
      Array.from({ length: 4 }, () => undefined),
    )
    assert.equal((await all(place)).size, 0)
    const still = await updateSnapshot([[2, undefined]], { ...place, values: 'utf8' })
    assert.equal(still.rowCount, 0)
    const filled = await updateSnapshot(rowsOf('row', 50), { ...place, values: 'utf8' })
    assert.equal(filled.rowCount, 50)
    assert.deepEqual(await all(place), new Map(rowsOf('row', 50)))
    assert.deepEqual((await verifySnapshot(place)).findings, [])
  })
}

function rowsOf(mark: string, count: number): [bigint, string][] {
  return Array.from({ length: count }, (_, i) => [BigInt(i), `${mark} ${i}`])
}

test('without changes, or with changes that change nothing, all shards are taken over', async () => {
  const place = memoryPlace()
  const base = await publishRows(place, 'row')
  const nothing = await updateSnapshot([], place)
  assert.notEqual(nothing.runId, base.runId)
  assert.deepEqual(nothing.shards, base.shards)
  const same = await updateSnapshot(
    [
      [3, 'row 3'],
      [1000, undefined],
    ],
    { ...place, values: 'utf8' },
  )
  assert.deepEqual(same.shards, base.shards)
  assert.deepEqual([same.shardsWritten, same.rowCount], [0, 20])
  const left = []
  for await (const { url } of place.objects.list(`${place.prefix}/shards/run_id=${same.runId}`))
    left.push(url)
  assert.deepEqual(left, [])
})

test('records are read by key, value, deleted and values', async () => {
  const place = memoryPlace()
  const options = { ...place, key: 'id', values: 'json' } as const
  await writeSnapshot([{ id: 1 }, { id: 2 }, { id: 3 }], { ...options, sharding: { shards: 2 } })
  const changes = [
    { id: 1, op: 'd' },
    { id: 2, op: 'u', name: 'two' },
    { id: 4, op: 'c', name: 'four' },
  ]
  await updateSnapshot(changes, {
    ...options,
    value: ({ id, name }) => ({ id, name }),
    deleted: ({ op }) => op === 'd',
  })
  await using reader = await SnapshotReader.open({ ...place, values: 'json' })
  assert.deepEqual(await reader.getMany([1, 2, 3, 4]), [
    undefined,
    { id: 2, name: 'two' },
    { id: 3 },
    { id: 4, name: 'four' },
  ])
  await updateSnapshot([{ id: 2, gone: true }, { id: 3 }], { ...options, deleted: 'gone' })
  await reader.refresh()
  assert.deepEqual(await reader.getMany([2, 3]), [undefined, { id: 3 }])
})

test('a text in the property deleted, and a missing value, are refused by the number of the record', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row')
  const options = { ...place, key: 'id', value: 'value', values: 'utf8' } as const
  await rejectsWith(
    'SHARD_INVALID_VALUE',
    /record 1: .*deleted must be true or false, got "false"/,
    () =>
      updateSnapshot(
        [
          { id: 1, value: 'x', gone: false },
          { id: 2, value: 'y', gone: 'false' },
        ],
        { ...options, deleted: 'gone' },
      ),
  )
  await rejectsWith('SHARD_INVALID_VALUE', /record 0: .*value must be text/, () =>
    updateSnapshot([{ id: 1, valeu: 'x' } as { id: number; value?: string }], options as never),
  )
  await rejectsWith('SHARD_INVALID_KEY', /record 0: /, () =>
    updateSnapshot([['a', 'x']], { ...place, values: 'utf8' }),
  )
})

test('packed chunks put and delete stored keys, and chunks mix with records', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 50)
  const chunk = packed([
    [1, 'one'],
    [2, 'two'],
  ])
  const changes: (EntryChunk | [number, Uint8Array | undefined])[] = [chunk, [2, undefined]]
  await updateSnapshot(changes, place)
  {
    await using updater = await SnapshotUpdater.open(place)
    await updater.putChunk(packed([[60, 'sixty']]))
    await updater.deleteChunk(packed([[3, '']]))
    const { rows } = await updater.publish()
    assert.deepEqual(rows, { inserted: 1, replaced: 0, deleted: 1 })
  }
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.deepEqual(await reader.getMany([1, 2, 3, 4, 60]), [
    'one',
    undefined,
    undefined,
    'row 4',
    'sixty',
  ])
})

function packed(rows: readonly (readonly [number, string])[]): EntryChunk {
  return packEntries(
    rows.map(
      ([key, value]) => [encodeKey(key, 'u64be', 'test').slice(), Buffer.from(value)] as const,
    ),
  )
}

test('key encoding, key column, sharding and custom fields are those of the current snapshot', async () => {
  const place = memoryPlace()
  const rows: [string, string][] = ['ä', 'b', 'ä1', ''].map((key) => [key, `value of ${key}`])
  await writeSnapshot(rows.slice(0, 3), {
    ...place,
    keyEncoding: 'utf8',
    keyColumn: 'name',
    custom: { source: 'crm', day: 1 },
    values: 'utf8',
    sharding: { shards: 5 },
  })
  await updateSnapshot([['b', 'new']], { ...place, values: 'utf8', custom: { day: 2 } })
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  const info = reader.info()
  assert.deepEqual(info.custom, { source: 'crm', day: 2 })
  assert.deepEqual([info.keyEncoding, info.shards], ['utf8', 5])
  assert.deepEqual(await reader.getMany(['ä', 'b', 'ä1']), ['value of ä', 'new', 'value of ä1'])
})

test('CEL: rows are routed by their columns, by values or by number', async () => {
  const place = memoryPlace()
  const sharding = { cel: 'region', columns: { region: 'string' }, values: ['eu', 'us'] } as const
  const rows = [
    { id: 1, region: 'eu' },
    { id: 2, region: 'us' },
  ]
  const options = { ...place, key: 'id', values: 'json' } as const
  await writeSnapshot(rows, { ...options, sharding: { ...sharding, values: ['eu', 'us'] } })
  const updated = await updateSnapshot(
    [
      { id: 3, region: 'us' },
      { id: 2, region: 'us', gone: true },
    ],
    {
      ...options,
      deleted: 'gone',
    },
  )
  assert.deepEqual([updated.shardsWritten, updated.shards.map((s) => s.rowCount)], [1, [1, 1]])
  await using reader = await SnapshotReader.open({ ...place, values: 'json' })
  assert.deepEqual(await reader.get(3, { context: { region: 'us' } }), { id: 3, region: 'us' })
  assert.equal(await reader.get(2, { context: { region: 'us' } }), undefined)
  await rejectsWith('SHARD_ROUTING', /record 0/, () =>
    updateSnapshot([{ id: 3, region: 'asia' }], options),
  )

  const direct = memoryPlace()
  const byKey = { cel: 'key % 3', columns: { key: 'int' as const }, shards: 3 }
  await writeSnapshot(rowsOf('row', 9), { ...direct, values: 'utf8', sharding: byKey })
  await updateSnapshot([[4n, undefined]] as [bigint, undefined][], direct)
  const left = await all(direct)
  assert.deepEqual([left.size, left.has(4n)], [8, false])
})

test('a plan names the shards with changes and writes nothing', async () => {
  const place = memoryPlace()
  const base = await publishRows(place, 'row', 100)
  const urls = async () => {
    const found: string[] = []
    for await (const { url } of place.objects.list(place.prefix)) found.push(url)
    return found
  }
  const before = await urls()
  const plan = await planUpdate(
    [
      [1, 'x'],
      [1, undefined],
      [1, undefined],
    ] as const,
    {
      ...place,
      values: 'utf8',
    },
  )
  assert.equal(plan.baseRunId, base.runId)
  const { id, rowCount, bytes } = base.shards.find((shard) => shard.id === plan.changed[0]!.id)!
  assert.deepEqual(plan.changed, [{ id, rowCount, bytes, puts: 1, deletes: 2 }])
  assert.deepEqual([plan.changes, plan.shards, plan.rowsBefore], [3, 3, rowCount])
  assert.deepEqual(await urls(), before)
})

test('refuses what it cannot update, before anything is written', async () => {
  const place = memoryPlace()
  await rejectsWith('SHARD_NOT_FOUND', /nothing is published below memory:/, () =>
    updateSnapshot([], place),
  )
  await publishRows(place, 'row')
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /engine must have the format of the current snapshot/,
    () => updateSnapshot([], { ...place, engine: sqlite() }),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /sharding/, () =>
    updateSnapshot([], { ...place, sharding: { shards: 2 } } as never),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /changes must be|records must be an iterable/, () =>
    updateSnapshot('text' as never, place),
  )
  const vectors = memoryPlace()
  await publishRows(vectors, 'row', 5, { custom: { vector: { dim: 2, unified: true } } })
  await rejectsWith('SHARD_INVALID_OPTION', /has vectors/, () => updateSnapshot([], vectors))
})

test('a closed or published updater takes no changes', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row')
  const updater = await SnapshotUpdater.open({ ...place, values: 'utf8' })
  await updater.put(1, 'x')
  await updater.publish()
  await rejectsWith('SHARD_CLOSED', /published already/, () => updater.put(1, 'x'))
  await updater.close()
  const second = await SnapshotUpdater.open({ ...place, values: 'utf8' })
  await second.put(1, 'y')
  await second.close()
  await rejectsWith('SHARD_CLOSED', /closed/, () => second.publish())
})

test('changes beyond maxBufferedBytes wait on local disk, and the last one still counts', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 200)
  const progress: UpdateProgress[] = []
  const changes = function* (): Generator<[number, string]> {
    for (let round = 0; round < 4; round++)
      for (let i = 0; i < 2000; i++) yield [i, `${round} ${'x'.repeat(i % 100)} ${i}`]
  }
  const updated = await updateSnapshot(changes(), {
    ...place,
    values: 'utf8',
    maxBufferedBytes: 16 * 1024,
    onProgress: (now) => progress.push(now),
  })
  assert.equal(updated.rowCount, 2000)
  const expected = Array.from(
    { length: 2000 },
    (_, i) => [BigInt(i), `3 ${'x'.repeat(i % 100)} ${i}`] as const,
  )
  assert.deepEqual(await all(place), new Map(expected))
  const last = progress.at(-1)!
  assert.deepEqual(
    [last.phase, last.changes, last.rows, last.rowsBefore, last.shardsMerged],
    ['done', 8000, 2000, 200, 3],
  )
})
