import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  planUpdateSync,
  SnapshotReaderSync,
  SnapshotUpdaterSync,
  updateSnapshotSync,
  writeSnapshotSync,
} from '@shardyfusion/sync'
import { packEntries } from '@shardyfusion/core/extend'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { throwsWith } from '@shardyfusion/test-support/throws'

function published(rows = 100): string {
  const prefix = tempPrefix()
  const records = Array.from({ length: rows }, (_, i) => [i, `row ${i}`] as const)
  writeSnapshotSync(records, { prefix, sharding: { shards: 4 }, values: 'utf8' })
  return prefix
}

function read(prefix: string, keys: readonly (number | bigint)[]): unknown[] {
  using reader = SnapshotReaderSync.open({ prefix, values: 'utf8' })
  return reader.getMany(keys)
}

test('puts and deletes in any order, and the last change of a key counts', () => {
  const prefix = published()
  const changes = function* (): Generator<[number, string | undefined]> {
    // More than one message: the order across them stays.
    for (let i = 0; i < 12_000; i++) yield [i % 3000, i % 2 === 0 ? undefined : `change ${i}`]
    yield [5000, 'last']
  }
  const updated = updateSnapshotSync(changes(), { prefix, values: 'utf8' })
  assert.equal(updated.changes, 12_001)
  assert.equal(updated.rowCount, 1501)
  assert.deepEqual(read(prefix, [0, 1, 2999, 5000]), [
    undefined,
    'change 9001',
    'change 11999',
    'last',
  ])
})

test('an updater tells the facts of its snapshot, plans, and takes chunks', () => {
  const prefix = published()
  using updater = SnapshotUpdaterSync.open({ prefix })
  assert.deepEqual(
    [updater.keyEncoding, updater.keyColumn, updater.sharding],
    ['u64be', '_key', { shards: 4 }],
  )
  const key = (n: number): Uint8Array => Buffer.from(n.toString(16).padStart(16, '0'), 'hex')
  updater.putChunk(packEntries([[key(1), Buffer.from('one')]]))
  updater.deleteChunk(packEntries([[key(2), Buffer.from('')]]))
  updater.put(3, Buffer.from('three'))
  const plan = updater.plan()
  assert.deepEqual([plan.changes, plan.shards, plan.baseRunId], [3, 4, updater.baseRunId])
  const { rows } = updater.publish()
  assert.deepEqual(rows, { inserted: 0, replaced: 2, deleted: 1 })
  assert.deepEqual(read(prefix, [1, 2, 3, 4]), ['one', undefined, 'three', 'row 4'])
  throwsWith('SHARD_CLOSED', /published already/, () => updater.delete(1))
})

test('CEL: an error names the record', () => {
  const prefix = tempPrefix()
  const sharding = { cel: 'region', columns: { region: 'string' as const }, values: ['eu', 'us'] }
  const options = { prefix, key: 'id', values: 'json' } as const
  writeSnapshotSync([{ id: 1, region: 'eu' }], { ...options, sharding })
  updateSnapshotSync(
    [
      { id: 2, region: 'us' },
      { id: 1, region: 'eu', gone: true },
    ],
    {
      ...options,
      deleted: 'gone',
    },
  )
  using reader = SnapshotReaderSync.open({ prefix, values: 'json' })
  assert.equal(reader.get(1, { context: { region: 'eu' } }), undefined)
  throwsWith('SHARD_ROUTING', /record 1: /, () =>
    updateSnapshotSync(
      [
        { id: 3, region: 'us' },
        { id: 4, region: 'asia' },
      ],
      options,
    ),
  )
})

test('a dry run writes nothing, a conflict is an error, and progress and warnings are heard', () => {
  const prefix = published()
  const plan = planUpdateSync([[1, 'x']], { prefix, values: 'utf8' })
  assert.deepEqual([plan.changed.length, plan.changed[0]!.puts], [1, 1])
  const phases = new Set<string>()
  updateSnapshotSync([[1, 'x']], {
    prefix,
    values: 'utf8',
    expectedCurrent: plan.baseRunId,
    onProgress: ({ phase }) => phases.add(phase),
  })
  assert.deepEqual([...phases], ['merging', 'publishing', 'done'])
  const error = throwsWith('SHARD_PUBLISH', /was expected to be current/, () =>
    updateSnapshotSync([[1, 'y']], { prefix, values: 'utf8', expectedCurrent: plan.baseRunId }),
  )
  assert.equal(error.details['conflict'], true)
  throwsWith('SHARD_INVALID_OPTION', /changes must be an iterable of records, got 5/, () =>
    updateSnapshotSync(5 as never, { prefix }),
  )
})
