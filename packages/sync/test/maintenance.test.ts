import assert from 'node:assert/strict'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isShardyfusionError } from '@shardyfusion/core'
import { SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
import {
  cleanupSnapshotsSync,
  listRunsSync,
  listSnapshotsSync,
  rollbackSnapshotSync,
  verifySnapshotSync,
} from '@shardyfusion/sync/maintain'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { thrownBy, throwsWith } from '@shardyfusion/test-support/throws'

/** A prefix with so many snapshots of a hundred rows, and the ids of their runs, newest first. */
function published(times: number): { prefix: string; runIds: string[] } {
  const prefix = tempPrefix()
  const runIds: string[] = []
  for (let n = 0; n < times; n++) {
    const rows = Array.from({ length: 100 }, (_, i) => [i, `${n}`] as const)
    const options = { prefix, sharding: { shards: 2 }, values: 'utf8' } as const
    runIds.unshift(writeSnapshotSync(rows, options).runId)
  }
  return { prefix, runIds }
}

test('history is listed newest first, with what is current', () => {
  const { prefix, runIds } = published(3)
  const listed = listSnapshotsSync({ prefix })
  assert.deepEqual(
    listed.map(({ runId }) => runId),
    runIds,
  )
  assert.deepEqual(
    listed.map(({ isCurrent }) => isCurrent),
    [true, false, false],
  )
  assert.equal(listSnapshotsSync({ prefix, limit: 1 }).length, 1)
})

test('a rollback moves the pointer, and readers may be pinned', () => {
  const { prefix, runIds } = published(2)
  const { from, to } = rollbackSnapshotSync({ prefix, offset: 1 })
  assert.deepEqual([from?.runId, to.runId], runIds)
  using current = SnapshotReaderSync.open({ prefix, values: 'utf8' })
  assert.equal(current.get(7), '0')
  using pinned = SnapshotReaderSync.open({ prefix, values: 'utf8', runId: runIds[0] })
  assert.equal(pinned.get(7), '1')
  throwsWith('SHARD_NOT_FOUND', /offset must be at most 0/, () =>
    rollbackSnapshotSync({ prefix, offset: 1 }),
  )
})

test('what is wrong with a record is an error of the SDK, inside the result', () => {
  const { prefix } = published(1)
  const [run] = listRunsSync({ prefix })
  assert.equal(run?.record?.status, 'succeeded')
  const folder = fileURLToPath(`${prefix}/runs`)
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
  const file = found.find((entry) => entry.isFile())!
  writeFileSync(join(file.parentPath, file.name), 'no: [record')
  const [broken] = listRunsSync({ prefix })
  assert.equal(broken?.record, undefined)
  assert.ok(isShardyfusionError(broken?.problem))
  assert.equal(broken.problem.code, 'SHARD_MANIFEST')
})

test('a verification reports as it goes, and its findings carry their errors', () => {
  const { prefix } = published(1)
  const told: number[] = []
  const report = verifySnapshotSync({
    prefix,
    onProgress: ({ shardsVerified }) => told.push(shardsVerified),
  })
  assert.equal(report.ok, true)
  assert.equal(report.keys, 100)
  assert.equal(told.at(-1), 2)

  const url = report.results.find((shard) => shard.url !== undefined)!.url!
  rmSync(fileURLToPath(url), { recursive: true })
  const broken = verifySnapshotSync({ prefix })
  assert.equal(broken.ok, false)
  const [finding] = broken.findings
  assert.equal(finding?.kind, 'missing')
  assert.ok(isShardyfusionError(finding.error))
  assert.equal(finding.error.code, 'SHARD_NOT_FOUND')
})

test('a callback that throws ends the work with its error', () => {
  const { prefix } = published(1)
  const reason = new Error('enough')
  const onProgress = (): never => {
    throw reason
  }
  assert.equal(
    thrownBy(() => verifySnapshotSync({ prefix, onProgress })),
    reason,
  )
})

test('a cleanup plans without removing, and removes what it is asked to', () => {
  const { prefix, runIds } = published(3)
  const plan = cleanupSnapshotsSync({ prefix, keepLast: 1, graceMs: 0, dryRun: true })
  assert.equal(plan.dryRun, true)
  assert.deepEqual(plan.actions.map(({ runId }) => runId).sort(), runIds.slice(1).sort())
  assert.equal(listSnapshotsSync({ prefix }).length, 3)
  cleanupSnapshotsSync({ prefix, keepLast: 1, graceMs: 0 })
  assert.deepEqual(
    listSnapshotsSync({ prefix }).map(({ runId }) => runId),
    runIds.slice(0, 1),
  )
})

test('options are checked by core, and those of the bridge here', () => {
  throwsWith('SHARD_INVALID_OPTION', /unknown option "limitt"/, () =>
    listSnapshotsSync({ prefix: tempPrefix(), limitt: 3 } as { prefix: string }),
  )
  throwsWith('SHARD_INVALID_OPTION', /timeoutMs must be an integer of 1 or more/, () =>
    listSnapshotsSync({ prefix: tempPrefix(), timeoutMs: 0 }),
  )
})
