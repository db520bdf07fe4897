import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  cleanupSnapshots,
  listRuns,
  listSnapshots,
  rollbackSnapshot,
  verifySnapshot,
} from '@shardyfusion/core/maintain'
import { FileStore, SnapshotReader } from '@shardyfusion/core'
import { mapStore } from '@shardyfusion/core/testing'
import {
  copyReference,
  referenceKey,
  type ReferenceSnapshot,
  referenceSnapshots,
} from '../support/reference-bucket.js'
import { sqliteEngine } from '../support/sqlite-engine.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

async function assertAnswers(reader: SnapshotReader, expected: ReferenceSnapshot): Promise<void> {
  const rows = expected.rows.map(({ key, value_hex: hex }) => [referenceKey(key), hex] as const)
  for (const [key, hex] of rows) {
    assert.equal(Buffer.from((await reader.get(key)) ?? 'none').toString('hex'), hex, String(key))
  }
  const found = await reader.getMany(rows.map(([key]) => key))
  assert.deepEqual(
    found.map((value) => value && Buffer.from(value).toString('hex')),
    rows.map(([, hex]) => hex),
  )
  for (const key of expected.missing) assert.equal(await reader.get(referenceKey(key)), undefined)
  const scanned: string[] = []
  for await (const [key] of reader.scanIter()) scanned.push(Buffer.from(key).toString('hex'))
  assert.equal(new Set(scanned).size, rows.length)
  assert.deepEqual(scanned, [...scanned].sort())
}

for (const [name, expected] of referenceSnapshots) {
  test(`a snapshot of the reference, copied from s3://bkt to a folder, is read there: ${name}`, async () => {
    const prefix = `${tempPrefix()}/copied/${name}`
    const objects = new FileStore()
    await copyReference(name, objects, prefix)
    const at = { prefix, engine: sqliteEngine() }
    await rejectsWith('SHARD_MANIFEST', /open it with shardUrls: 'rebase'/, () =>
      SnapshotReader.open(at),
    )
    await using reader = await SnapshotReader.open({ ...at, shardUrls: 'rebase' })
    assert.equal(reader.info().runId, expected.run_id)
    assert.equal(reader.info().shards, expected.num_dbs)
    await assertAnswers(reader, expected)
    assert.equal(await reader.refresh(), false)

    await using pinned = await SnapshotReader.open({
      ...at,
      shardUrls: 'rebase',
      runId: expected.run_id,
    })
    await assertAnswers(pinned, expected)
    const report = await verifySnapshot({ ...at, shardUrls: 'rebase' })
    assert.deepEqual(report.findings, [])
    assert.equal(report.keys, expected.rows.length)
  })

  test(`a snapshot of the reference is read under its own URLs: ${name}`, async () => {
    const folder = tempPrefix()
    const objects = await mapStore({ from: 's3://bkt', to: folder })
    await copyReference(name, objects, expected.s3_prefix)
    const at = { prefix: expected.s3_prefix, objects, engine: sqliteEngine() }
    await using reader = await SnapshotReader.open(at)
    assert.equal(reader.info().manifestRef, expected.manifest_ref)
    await assertAnswers(reader, expected)
    assert.equal((await verifySnapshot(at)).ok, true)
  })

  test(`a snapshot of the reference is listed, kept by cleanup, and rolled back to: ${name}`, async () => {
    const prefix = `${tempPrefix()}/copied/${name}`
    const objects = new FileStore()
    await copyReference(name, objects, prefix)
    const [listed] = await listSnapshots({ prefix })
    assert.deepEqual([listed?.runId, listed?.isCurrent], [expected.run_id, true])
    const [run] = await listRuns({ prefix })
    assert.equal(run?.record?.status, 'succeeded')
    assert.equal(run.record.writerType, 'python')
    // Pointer and manifest of a copy name other URLs than those listed: all the more must stay.
    const report = await cleanupSnapshots({ prefix, keepLast: 1, olderThanMs: 0, graceMs: 0 })
    assert.deepEqual([report.actions, report.problems], [[], []])
    await rollbackSnapshot({ prefix, runId: expected.run_id })
    const at = { prefix, engine: sqliteEngine(), shardUrls: 'rebase' } as const
    await using reader = await SnapshotReader.open(at)
    await assertAnswers(reader, expected)
  })
}
