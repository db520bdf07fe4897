import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileStore, sqlite } from '@shardyfusion/core'
import { SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
import {
  copyPythonSnapshot,
  pythonAnswers,
  SQLITE_SNAPSHOTS,
} from '../../core/dist-test/support/python-snapshots.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const hex = (value: Uint8Array | undefined): string | undefined =>
  value && Buffer.from(value).toString('hex')

for (const name of SQLITE_SNAPSHOTS) {
  test(`a snapshot of the Python project in SQLite answers as there: ${name}`, async () => {
    const prefix = tempPrefix()
    await copyPythonSnapshot(name, new FileStore(), prefix)
    const reader = SnapshotReaderSync.open({ prefix, shardUrls: 'rebase' })
    const { rows } = pythonAnswers(name)
    for (const { key, context, value } of rows)
      assert.equal(hex(reader.get(key, { context })), value, String(key))
    const stored = rows.filter(({ value }) => value !== undefined)
    assert.equal([...reader.scanIter()].length, stored.length)
    reader.close()
  })
}

test('a build without await writes SQLite shards, and a reader needs no engine', () => {
  const prefix = tempPrefix()
  const rows = Array.from({ length: 2000 }, (_, i): [number, string] => [(i * 37) % 2000, `v${i}`])
  const engine = sqlite({ mode: 'range', pageSize: 512 })
  const options = { prefix, engine, values: 'utf8', workers: 2 } as const
  writeSnapshotSync(rows, { ...options, sharding: { shards: 3 } })
  const reader = SnapshotReaderSync.open({ prefix, values: 'utf8' })
  assert.equal(reader.info().shardFormat, 'sqlite')
  for (const [key, value] of rows) assert.equal(reader.get(key), value)
  reader.close()
})
