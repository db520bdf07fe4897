import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader, SnapshotUpdater, updateSnapshot } from '@shardyfusion/core'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { copyPythonSnapshot, pythonAnswers, SQLITE_SNAPSHOTS } from '../support/python-snapshots.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

for (const name of SQLITE_SNAPSHOTS) {
  test(`a copied snapshot of the Python project is updated in its new place: ${name}`, async () => {
    const place = { prefix: `memory://python/${name}`, objects: new MemoryStore() }
    await copyPythonSnapshot(name, place.objects, place.prefix)
    const { rows, shards, runId } = pythonAnswers(name)
    await rejectsWith('SHARD_MANIFEST', /must be below memory:.*rebase/, () =>
      updateSnapshot([], place),
    )
    const present = rows.filter(({ value }) => value !== undefined)
    const [removed, replaced] = present
    {
      await using updater = await SnapshotUpdater.open({ ...place, shardUrls: 'rebase' })
      assert.equal(updater.baseRunId, runId)
      await updater.delete(removed!.key, removed!.context)
      await updater.put(replaced!.key, Buffer.from('new'), replaced!.context)
      const updated = await updater.publish()
      assert.equal(updated.shards.length, shards)
      assert.ok(updated.shardsWritten <= 2)
      assert.deepEqual(updated.rows, { inserted: 0, replaced: 1, deleted: 1 })
    }
    // The new manifest names the shards in the new place, so readers need no option.
    await using reader = await SnapshotReader.open({ ...place })
    for (const row of rows) {
      const expected =
        row.key === removed!.key
          ? undefined
          : row.key === replaced!.key
            ? Buffer.from('new').toString('hex')
            : row.value
      const value = await reader.get(row.key, { context: row.context })
      assert.equal(value && Buffer.from(value).toString('hex'), expected, String(row.key))
    }
    const { ok, findings } = await verifySnapshot(place)
    assert.ok(ok, JSON.stringify(findings))
  })
}
