import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { writeHttpIndex } from '@shardyfusion/core/maintain'
import { FileStore } from '#dist/store/file/file-store.js'
import { decodeCurrentPointer } from '#dist/snapshot/catalog/current-pointer.js'
import { StaticServer } from '../support/static-server.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const rows = Array.from({ length: 300 }, (_, id) => ({ id, name: `row ${id}` }))

async function publish(prefix: string, from = rows): Promise<void> {
  await writeSnapshot(from, {
    prefix,
    sharding: { shards: 3 },
    key: 'id',
    values: 'json',
    engine: 'wasm',
  })
}

async function readAll(reader: SnapshotReader<unknown, 'decoded'>): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const [, value] of reader.scanIter()) found.push(value)
  return found
}

test('shardUrls rebase: a snapshot that was moved is read where it is', async () => {
  const base = tempPrefix()
  await publish(`${base}/written`)
  await rename(fileURLToPath(`${base}/written`), fileURLToPath(`${base}/moved`))
  const prefix = `${base}/moved`
  await rejectsWith('SHARD_MANIFEST', /open it with shardUrls: 'rebase'/, () =>
    SnapshotReader.open({ prefix }),
  )
  await using reader = await SnapshotReader.open({
    prefix,
    shardUrls: 'rebase',
    engine: 'wasm',
    values: 'json',
    keys: 'decoded',
  })
  assert.deepEqual(await readAll(reader), rows)
  assert.equal(await reader.refresh(), false, 'the same snapshot is not taken for another one')
})

test('shardUrls rebase: falls back to older manifests of the copy', async () => {
  const base = tempPrefix()
  await publish(`${base}/written`)
  const store = new FileStore()
  const [first] = await store.listPrefixes(`${base}/written/manifests`)
  await publish(`${base}/written`, rows.slice(0, 10))
  const [, second] = await store.listPrefixes(`${base}/written/manifests`)
  assert.ok(first !== undefined && second !== undefined)
  await store.put(`${second}/manifest`, Uint8Array.of(1, 2, 3))
  await rename(fileURLToPath(`${base}/written`), fileURLToPath(`${base}/moved`))
  await using reader = await SnapshotReader.open({
    prefix: `${base}/moved`,
    shardUrls: 'rebase',
    engine: 'wasm',
    values: 'json',
    keys: 'decoded',
  })
  assert.deepEqual(await readAll(reader), rows)
})

test('a snapshot is read over HTTP, follows the next one, and nothing is written', async (t) => {
  const origin = new FileStore()
  const written = tempPrefix()
  await publish(written)
  await writeHttpIndex(origin, written)
  const server = await StaticServer.open(t, origin, written)
  await using reader = await SnapshotReader.open({
    prefix: server.prefix,
    shardUrls: 'rebase',
    engine: 'wasm',
    values: 'json',
    keys: 'decoded',
  })
  assert.deepEqual(await reader.getMany([7, 299, 300]), [rows[7], rows[299], undefined])
  assert.deepEqual(await readAll(reader), rows)

  const next = rows.map(({ id }) => ({ id, name: `new ${id}` }))
  await publish(written, next)
  await writeHttpIndex(origin, written)
  assert.equal(await reader.refresh(), true)
  assert.deepEqual(await readAll(reader), next)
  await reader.close()
  const methods = new Set(server.requests.map(({ method }) => method))
  assert.deepEqual(
    [...methods].sort(),
    ['GET', 'HEAD'].filter((name) => methods.has(name)),
  )
  assert.ok(methods.has('GET'))
})

const BUCKET = new URL('../../test/golden/bucket/', import.meta.url)

for (const name of ['u64', 'single', 'raw', 'empty']) {
  test(`shardUrls rebase: maps every URL of the reference snapshot ${name}`, async () => {
    const pointer = readFileSync(new URL(`${name}/_CURRENT`, BUCKET))
    const { manifestRef } = decodeCurrentPointer(pointer, name)
    const at = manifestRef.indexOf('/manifests/')
    const prefix = `memory://copy/of/${name}`
    const objects = new MemoryStore()
    await objects.put(`${prefix}/_CURRENT`, pointer)
    const manifest = readFileSync(new URL(`${name}/manifest`, BUCKET))
    await objects.put(prefix + manifestRef.slice(at), manifest)

    await using reader = await SnapshotReader.open({ prefix, objects, shardUrls: 'rebase' })
    assert.ok(reader.info().shards > 0)
    for (const { url } of reader.shards()) {
      if (url !== undefined) assert.ok(url.startsWith(`${prefix}/shards/run_id=`), url)
    }
    assert.equal(
      reader.shards().every(({ url }) => url === undefined),
      name === 'empty',
    )
  })
}

test('shardUrls rebase: refuses shards outside the prefix the manifest was written below', async () => {
  // Its own prefix is s3://bkt/u64, but its shards are made to lie in s3://bkt/u65.
  const pointer = readFileSync(new URL('u64/_CURRENT', BUCKET))
  const manifest = readFileSync(new URL('u64/manifest', BUCKET)).toString('latin1')
  const forged = manifest.replaceAll('/u64/shards/', '/u65/shards/')
  assert.notEqual(forged, manifest)
  const { manifestRef } = decodeCurrentPointer(pointer, 'u64')
  const prefix = 'memory://copy'
  const objects = new MemoryStore()
  await objects.put(`${prefix}/_CURRENT`, pointer)
  await objects.put(
    prefix + manifestRef.slice(manifestRef.indexOf('/manifests/')),
    Buffer.from(forged, 'latin1'),
  )
  await rejectsWith('SHARD_MANIFEST', /must be below .*\/u64" /, () =>
    SnapshotReader.open({ prefix, objects, shardUrls: 'rebase', maxFallbackAttempts: 0 }),
  )
})

test('shardUrls rebase: refuses a pointer to something that is no manifest of a snapshot', async () => {
  const pointer = readFileSync(new URL('u64/_CURRENT', BUCKET), 'utf8')
  const objects = new MemoryStore()
  const elsewhere = pointer.replace('/manifests/', '/other/')
  await objects.put('memory://copy/_CURRENT', new TextEncoder().encode(elsewhere))
  await rejectsWith('SHARD_MANIFEST', /the manifest _CURRENT names/, () =>
    SnapshotReader.open({ prefix: 'memory://copy', objects, shardUrls: 'rebase' }),
  )
})
