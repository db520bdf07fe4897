import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { cleanupSnapshots, listSnapshots, rollbackSnapshot } from '@shardyfusion/core/maintain'
import { type MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { interceptStore } from '@shardyfusion/core/testing'
import { manifestDir, manifestUrl } from '#dist/snapshot/manifest-names.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { lineageOf, runsWithData } from './support/lineage.js'

const HOUR_MICROS = 3_600_000_000n
const run = promisify(execFile)

/** Publishes in a process whose clock is so many hours off. */
async function publishAt(prefix: string, runId: string, hours: number): Promise<void> {
  const code = `
    const now = Date.now
    Date.now = () => now() + ${hours} * 3600e3
    const { writeSnapshot } = await import(${JSON.stringify(import.meta.resolve('@shardyfusion/core'))})
    await writeSnapshot([[1, new Uint8Array(1)]], {
      prefix: ${JSON.stringify(prefix)}, runId: ${JSON.stringify(runId)}, sharding: { shards: 1 },
    })`
  await run(process.execPath, ['--no-warnings', '--input-type=module', '-e', code])
}

test('order: history, rollback and cleanup follow publications, though each clock is behind the last', async () => {
  const prefix = tempPrefix()
  const runIds = ['first', 'second', 'third', 'fourth']
  for (const [i, runId] of runIds.entries()) await publishAt(prefix, runId, 5 - 2 * i)
  const listed = await listSnapshots({ prefix })
  assert.deepEqual(
    listed.map(({ runId, isCurrent }) => [runId, isCurrent]),
    runIds.toReversed().map((runId, i) => [runId, i === 0]),
  )
  assert.equal((await rollbackSnapshot({ prefix, offset: 1 })).to.runId, 'third')
  assert.equal((await rollbackSnapshot({ prefix, offset: 1 })).to.runId, 'second')
  await using reader = await SnapshotReader.open({ prefix })
  assert.equal(reader.info().runId, 'second')
  const { ageMs } = reader.health()
  assert.ok(ageMs < 60_000, `${ageMs} ms`)
  await cleanupSnapshots({ prefix, keepLast: 1, graceMs: 0 })
  assert.deepEqual(
    (await listSnapshots({ prefix })).map(({ runId }) => runId),
    ['fourth', 'second'],
  )
})

/** Renames the manifest of a run as if its publisher's clock had shown another time. */
async function redate(objects: MemoryStore, prefix: string, micros: bigint): Promise<void> {
  const manifests = new ObjectManifestStore(objects, prefix)
  const current = (await manifests.loadCurrent())!
  const ref = manifestUrl(prefix, manifestDir(micros, current.runId))
  await objects.put(ref, (await objects.get(current.ref))!)
  await objects.delete(current.ref)
  await manifests.setCurrent(ref)
}

test('order: a snapshot that follows one dated ahead is listed after it, with its pointer', async () => {
  const lineage = await lineageOf('a')
  const objects = lineage.at.objects as MemoryStore
  const ahead = BigInt(Date.now()) * 1000n + HOUR_MICROS
  await redate(objects, lineage.at.prefix, ahead)
  for (const runId of ['b', 'c']) {
    await writeSnapshot([[1, 'x']], {
      ...lineage.place,
      runId,
      sharding: { shards: 1 },
      values: 'utf8',
    })
  }
  const listed = await listSnapshots(lineage.at)
  assert.deepEqual(
    listed.map(({ runId }) => runId),
    ['c', 'b', lineage.published[0]!.runId],
  )
  const times = listed.map(({ publishedMicros }) => publishedMicros)
  assert.equal(times[2], ahead)
  assert.ok(times[1]! > ahead)
  assert.ok(times[0]! > times[1]!)
  const current = await lineage.manifests.loadCurrent()
  assert.ok(current!.publishedMicros > times[0]!, 'the pointer is later than its manifest')
  const back = await rollbackSnapshot({ ...lineage.at, offset: 2 })
  assert.ok(back.to.publishedMicros > current!.publishedMicros, 'pointers follow each other too')
})

test('order: a name of a hundred years ahead is not followed, and does not date others', async () => {
  const lineage = await lineageOf('a')
  const objects = lineage.at.objects as MemoryStore
  const from = `${lineage.at.prefix}/manifests/`
  const far = `${from}2126-01-01T00:00:00.000000Z_run_id=far/manifest`
  await objects.put(far, (await objects.get(lineage.published[0]!.manifestRef))!)
  const before = Date.now()
  const ref = await lineage.manifests.publish(
    await lineage.manifests.loadManifest(lineage.published[0]!.manifestRef),
  )
  assert.ok(Number(ref.publishedMicros / 1000n) - before < 60_000)
})

test('order: publications that share a time have an order, the same in history and cleanup', async () => {
  const lineage = await lineageOf('a', 'b')
  const objects = lineage.at.objects as MemoryStore
  const { manifests } = lineage
  const { prefix } = lineage.at
  const micros = 1_700_000_000_000_000n
  for (const { manifestRef, runId } of lineage.published) {
    const ref = manifestUrl(prefix, manifestDir(micros, runId))
    await objects.put(ref, (await objects.get(manifestRef))!)
    await objects.delete(manifestRef)
    await manifests.setCurrent(ref)
  }
  const [first, second] = (await listSnapshots(lineage.at)).map(({ runId }) => runId)
  await cleanupSnapshots({ ...lineage.at, keepLast: 1, graceMs: 0 })
  const kept = new Set([first, lineage.published[1]!.runId])
  assert.deepEqual(new Set(await runsWithData(lineage)), kept)
  assert.ok(second !== undefined)
})

test('order: a publication that cannot see the ones before it fails, and may be tried again', async () => {
  const lineage = await lineageOf('a')
  let isDown = true
  const objects = interceptStore(lineage.at.objects, {
    before: ({ operation, url }) => {
      if (isDown && operation === 'listPrefixes' && url.endsWith('/manifests'))
        throw new Error('down')
    },
  })
  const manifests = new ObjectManifestStore(objects, lineage.at.prefix)
  const manifest = await manifests.loadManifest(lineage.published[0]!.manifestRef)
  await assert.rejects(manifests.publish(manifest), { code: 'SHARD_PUBLISH', retryable: true })
  isDown = false
  await manifests.publish(manifest)
})

test('order: a broken pointer does not keep a snapshot from being published', async () => {
  const lineage = await lineageOf('a')
  const { objects, prefix } = lineage.at
  await objects.put(`${prefix}/_CURRENT`, new TextEncoder().encode('{'))
  const manifest = await lineage.manifests.loadManifest(lineage.published[0]!.manifestRef)
  const ref = await lineage.manifests.publish(manifest)
  assert.deepEqual(await lineage.manifests.loadCurrent(), ref)
})
