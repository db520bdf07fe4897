import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  cleanupSnapshots,
  listRuns,
  listSnapshots,
  rollbackSnapshot,
  verifySnapshot,
} from '@shardyfusion/core/maintain'
import {
  formatSnapshotPlan,
  parseSnapshotPlan,
  planSnapshot,
  publishSnapshot,
  writeShardAttempt,
} from '@shardyfusion/core/tasks'
import { objectCatalog, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import { runCatalogConformance } from '@shardyfusion/core/testing'
import { SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
import {
  cleanupSnapshotsSync,
  listSnapshotsSync,
  rollbackSnapshotSync,
  verifySnapshotSync,
} from '@shardyfusion/sync/maintain'
import { memoryCatalog } from './memory-catalog.js'

runCatalogConformance({ test, name: 'memory catalog', open: async () => memoryCatalog() })

const temporary = mkdtempSync(join(tmpdir(), 'shardyfusion-catalog-'))
after(() => rmSync(temporary, { recursive: true, force: true }))
let folders = 0
const newFolder = (): string => mkdtempSync(join(temporary, `${folders++}-`))

const build = { sharding: { shards: 2 }, values: 'utf8' } as const
const rows = (mark: string): [number, string][] => [1, 2, 3].map((key) => [key, `${mark} ${key}`])

test('a catalog of one’s own: build, read, refresh, pin, roll back, verify and clean up', async () => {
  const folder = newFolder()
  const at = { prefix: pathToFileURL(folder).href, catalog: memoryCatalog() }
  const first = await writeSnapshot(rows('first'), { ...at, ...build })
  assert.equal(first.manifestRef, `manifest 0 of ${first.runId}`)
  assert.deepEqual(readdirSync(folder), ['shards'])
  await using reader = await SnapshotReader.open({ ...at, values: 'utf8' })
  assert.equal(await reader.get(1), 'first 1')

  const second = await writeSnapshot(rows('second'), { ...at, ...build, workers: 2 })
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(1), 'second 1')
  const pin = { ...at, manifestRef: first.manifestRef, values: 'utf8' } as const
  await using pinned = await SnapshotReader.open(pin)
  assert.equal(await pinned.get(1), 'first 1')
  await assert.rejects(() => SnapshotReader.open({ ...pin, manifestRef: 'none' }), /no manifest/)

  const listed = await listSnapshots(at)
  assert.deepEqual(
    listed.map(({ runId, isCurrent, data }) => [runId, isCurrent, data]),
    [
      [second.runId, true, 'present'],
      [first.runId, false, 'present'],
    ],
  )
  assert.equal((await rollbackSnapshot({ ...at, offset: 1 })).to.runId, first.runId)
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(1), 'first 1')
  assert.equal((await verifySnapshot(at)).ok, true)
  await rollbackSnapshot({ ...at, manifestRef: second.manifestRef })

  const report = await cleanupSnapshots({ ...at, keepLast: 1, graceMs: 0 })
  assert.deepEqual(
    report.actions.map(({ runId, outcome }) => [runId, outcome]),
    [[first.runId, 'deleted']],
  )
  assert.deepEqual(
    (await listSnapshots(at)).map(({ runId }) => runId),
    [second.runId],
  )
  assert.ok((await listRuns(at)).every(({ runId }) => runId === second.runId))
})

test('a resumed build finds in the catalog that it is published', async () => {
  const at = { prefix: pathToFileURL(newFolder()).href, catalog: memoryCatalog() }
  const run = { ...at, ...build, runId: 'nightly' }
  const first = await writeSnapshot(rows('a'), run)
  await assert.rejects(() => writeSnapshot(rows('a'), run), /runId must be new/)
  const again = await writeSnapshot(rows('a'), { ...run, resume: true })
  assert.equal(again.manifestRef, first.manifestRef)
  assert.equal(again.shardsResumed, 2)
})

test('a catalog without an origin is refused where another thread or process needs it', async () => {
  const folder = newFolder()
  const at = { prefix: pathToFileURL(folder).href, catalog: memoryCatalog() }
  const refused = /catalog must have an origin/
  assert.throws(() => writeSnapshotSync(rows('a'), { ...at, ...build }), refused)
  assert.throws(() => SnapshotReaderSync.open(at), refused)
  assert.throws(() => listSnapshotsSync(at), refused)
  await assert.rejects(() => planSnapshot({ ...at, sharding: { shards: 1 } }), refused)
  assert.deepEqual(readdirSync(folder), [])
})

test('a catalog with an origin works without await, and for tasks', async () => {
  const [folder, other] = [newFolder(), newFolder()]
  const catalog = await objectCatalog({ prefix: pathToFileURL(other).href })
  const at = { prefix: pathToFileURL(folder).href, catalog }
  const first = writeSnapshotSync(rows('sync'), { ...at, ...build, workers: 2 })
  assert.deepEqual(readdirSync(folder), ['shards'])
  using reader = SnapshotReaderSync.open({ ...at, values: 'utf8' })
  assert.equal(reader.get(2), 'sync 2')

  const line = formatSnapshotPlan(await planSnapshot({ ...at, sharding: { shards: 1 } }))
  const key = Buffer.alloc(8)
  key.writeBigUInt64BE(2n)
  const chunk = packEntries([[key, Buffer.from('task 2')]])
  const result = await writeShardAttempt(parseSnapshotPlan(line), 0, [chunk])
  const published = await publishSnapshot(parseSnapshotPlan(line), [result])
  assert.ok(published.manifestRef.startsWith(pathToFileURL(other).href))
  assert.equal(reader.refresh(), true)
  assert.equal(reader.get(2), 'task 2')

  assert.equal(listSnapshotsSync(at).length, 2)
  assert.equal(verifySnapshotSync(at).ok, true)
  assert.equal(rollbackSnapshotSync({ ...at, runId: first.runId }).to.runId, first.runId)
  assert.equal(cleanupSnapshotsSync({ ...at, keepLast: 1, graceMs: 0 }).problems.length, 0)
})
