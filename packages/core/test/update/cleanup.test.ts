import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type PublishedSnapshot,
  SnapshotReader,
  type UpdatedSnapshot,
  updateSnapshot,
} from '@shardyfusion/core'
import {
  cleanupSnapshots,
  listSnapshots,
  planCleanup,
  rollbackSnapshot,
  verifySnapshot,
} from '@shardyfusion/core/maintain'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'

const at = ({ prefix, objects }: Place) => ({ prefix, objects })

/** A snapshot of 60 rows in 3 shards, and updates of one row each: of another shard if possible. */
async function chain(
  place: Place,
  updates: number,
): Promise<(PublishedSnapshot | UpdatedSnapshot)[]> {
  const published: (PublishedSnapshot | UpdatedSnapshot)[] = [await publishRows(place, 'row', 60)]
  for (let i = 0; i < updates; i++)
    published.push(await updateSnapshot([[0, `update ${i}`]], { ...place, values: 'utf8' }))
  return published
}

async function folders(place: Place): Promise<string[]> {
  const found = new Set<string>()
  for await (const { url } of place.objects.list(`${place.prefix}/shards`))
    found.add(/run_id=[^/]*\/db=[^/]*/.exec(url)![0])
  return [...found].sort()
}

const foldersOf = (...shards: (string | undefined)[]): string[] =>
  shards.map((url) => /run_id=[^/]*\/db=[^/]*/.exec(url!)![0]).sort()

test('a cleanup keeps the shards that a kept snapshot takes over, and removes the others', async () => {
  const place = memoryPlace()
  const published = await chain(place, 3)
  const last = published.at(-1)!
  const report = await cleanupSnapshots({ ...at(place), keepLast: 1, graceMs: 0 })
  assert.deepEqual(report.problems, [])
  assert.deepEqual(report.actions.map(({ kind, outcome }) => `${kind} ${outcome}`).sort(), [
    'old-run deleted',
    'old-run deleted',
    'superseded-shards deleted',
  ])
  assert.deepEqual(await folders(place), foldersOf(...last.shards.map(({ url }) => url)))
  assert.equal((await listSnapshots(at(place))).length, 1)
  const { ok } = await verifySnapshot(place)
  assert.ok(ok)
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.deepEqual(await reader.getMany([0, 1, 59]), ['update 2', 'row 1', 'row 59'])

  const again = await cleanupSnapshots({ ...at(place), keepLast: 1, graceMs: 0 })
  assert.deepEqual([again.actions, again.problems], [[], []])
  assert.deepEqual(
    new Map(again.kept.map(({ runId, reason }) => [runId, reason])),
    new Map([
      [last.runId, 'current'],
      [published[0]!.runId, 'referenced'],
    ]),
  )
})

test('a run whose manifest is gone goes with the last snapshot that takes over its shards', async () => {
  const place = memoryPlace()
  await chain(place, 1)
  await cleanupSnapshots({ ...at(place), keepLast: 1, graceMs: 0 })
  const next = await publishRows(place, 'next', 60)
  const report = await cleanupSnapshots({ ...at(place), keepLast: 1, graceMs: 0 })
  assert.deepEqual(
    report.actions.map(({ kind, outcome }) => [kind, outcome]),
    [
      ['old-run', 'deleted'],
      ['unfinished-run', 'deleted'],
    ],
  )
  assert.deepEqual(await folders(place), foldersOf(...next.shards.map(({ url }) => url)))
})

test('a rollback to an update after the plan of a cleanup keeps all shards that it names', async () => {
  const place = memoryPlace()
  const [, update] = await chain(place, 1)
  await publishRows(place, 'next', 60)
  const plan = await planCleanup({ ...at(place), keepLast: 1, graceMs: 0 })
  await rollbackSnapshot({ ...at(place), runId: update!.runId })
  const { actions } = await plan.execute()
  assert.deepEqual(
    actions.map(({ outcome }) => outcome),
    ['skipped', 'skipped'],
  )
  assert.ok((await verifySnapshot(place)).ok)
})

test('an update after the plan of a cleanup keeps all shards that it names', async () => {
  const place = memoryPlace()
  const [first] = await chain(place, 1)
  const plan = await planCleanup({ ...at(place), keepLast: 1, graceMs: 0 })
  const later = await updateSnapshot([[1, 'later']], { ...place, values: 'utf8' })
  await plan.execute()
  assert.ok(later.shards.some(({ url }) => url!.includes(first!.runId)))
  assert.ok((await verifySnapshot(place)).ok)
})
