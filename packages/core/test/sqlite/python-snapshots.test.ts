import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  openObjectStore,
  SnapshotReader,
  type SnapshotReaderOptions,
  sqlite,
} from '@shardyfusion/core'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { countStore, mapStore } from '@shardyfusion/core/testing'
import { FileStore } from '#dist/store/file/file-store.js'
import { copyPythonSnapshot, pythonAnswers, SQLITE_SNAPSHOTS } from '../support/python-snapshots.js'
import { withS3Server } from '../support/s3-server.js'
import { StaticServer } from '../support/static-server.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const hex = (value: Uint8Array | undefined): string | undefined =>
  value && Buffer.from(value).toString('hex')

/** Opens a copy and compares all answers: one at a time, together and by a scan. */
async function assertAnswers(
  name: string,
  options: Omit<SnapshotReaderOptions, 'values' | 'schema'>,
): Promise<void> {
  const { shards, runId, rows } = pythonAnswers(name)
  await using reader = await SnapshotReader.open({ shardUrls: 'rebase', ...options })
  assert.equal(reader.info().shards, shards)
  assert.equal(reader.info().runId, runId)
  for (const { key, context, shard, value } of rows) {
    assert.equal(hex(await reader.get(key, { context })), value, String(key))
    if (shard !== undefined) assert.equal(reader.shardFor(key, { context }).id, shard)
  }
  const stored = rows.filter(({ value }) => value !== undefined)
  const contexts = new Map(stored.map(({ context }) => [JSON.stringify(context), context]))
  for (const [text, context] of contexts) {
    const some = stored.filter((row) => JSON.stringify(row.context) === text)
    const found = await reader.getMany(
      some.map(({ key }) => key),
      { context },
    )
    for (const [i, value] of [...found.values()].entries())
      assert.equal(hex(value as Uint8Array | undefined), some[i]!.value)
  }
  let scanned = 0
  for await (const [, value] of reader.scanIter()) {
    assert.ok(stored.some((row) => row.value === hex(value as Uint8Array)))
    scanned++
  }
  assert.equal(scanned, stored.length)
}

for (const name of SQLITE_SNAPSHOTS) {
  for (const mode of [undefined, 'download', 'range'] as const) {
    test(`a snapshot of the Python project in SQLite answers as there: ${name}, ${mode ?? 'no engine'}`, async () => {
      const prefix = tempPrefix()
      await copyPythonSnapshot(name, new FileStore(), prefix)
      await assertAnswers(name, { prefix, engine: mode && sqlite({ mode }) })
    })
  }

  test(`verify finds nothing wrong in ${name}`, async () => {
    const objects = new MemoryStore()
    const prefix = `memory://verify/${name}`
    await copyPythonSnapshot(name, objects, prefix)
    const { ok, findings } = await verifySnapshot({ prefix, objects, shardUrls: 'rebase' })
    assert.ok(ok, JSON.stringify(findings))
  })

  test(`the same over HTTP, without an index: ${name}`, async (t) => {
    const objects = new MemoryStore()
    await copyPythonSnapshot(name, objects, 'memory://http/data')
    const server = await StaticServer.open(t, objects, 'memory://http/data')
    await assertAnswers(name, { prefix: server.prefix })
    await assertAnswers(name, { prefix: server.prefix, engine: sqlite({ mode: 'range' }) })
  })
}

await withS3Server('SQLite snapshots of the Python project', ({ bucket, s3 }) => {
  for (const name of SQLITE_SNAPSHOTS) {
    test(`the same on S3: ${name}`, async () => {
      const prefix = `s3://${bucket}/${name}`
      const objects = await openObjectStore(prefix, { s3 })
      await copyPythonSnapshot(name, objects, prefix)
      await assertAnswers(name, { prefix, s3 })
      await assertAnswers(name, { prefix, s3, engine: sqlite({ mode: 'range' }) })
      await objects.close?.()
    })
  }
})

test('the engine of a snapshot is detected by the list that is made anyway', async () => {
  const { rows } = pythonAnswers('kv-sqlite-multi')
  for (const shardUrls of ['below', 'rebase'] as const) {
    const prefix = shardUrls === 'below' ? 's3://bkt/kv-sqlite-multi' : 's3://copies/here'
    const from = prefix.slice(0, prefix.lastIndexOf('/'))
    const { store, counts } = countStore(await mapStore({ from, to: `memory://${shardUrls}` }))
    await copyPythonSnapshot('kv-sqlite-multi', store, prefix)
    const before = counts().calls
    await using reader = await SnapshotReader.open({ prefix, objects: store, shardUrls })
    assert.equal(hex(await reader.get(rows[0]!.key)), rows[0]!.value)
    const { list, head, get } = counts().calls
    // Pointer, manifest, and the file, which is small enough to be read whole.
    assert.deepEqual([list, head, get - before.get], [1, 0, 3])
  }
})
