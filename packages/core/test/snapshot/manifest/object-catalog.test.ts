import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Catalog } from '@shardyfusion/core/extend'
import { clearMemoryStore } from '#dist/store/memory-store.js'
import {
  FileStore,
  MemoryStore,
  objectCatalog,
  SnapshotReader,
  writeSnapshot,
} from '@shardyfusion/core'
import { listRuns, listSnapshots } from '@shardyfusion/core/maintain'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
import { runCatalogConformance } from '@shardyfusion/core/testing'
import { withS3Server } from '../../support/s3-server.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

let names = 0
const newName = (): string => `object-catalog-${names++}`

runCatalogConformance({
  test,
  name: 'objectCatalog in memory',
  open: () => objectCatalog({ prefix: `memory://${newName()}/catalog` }),
})
runCatalogConformance({
  test,
  name: 'objectCatalog in a folder',
  open: () => objectCatalog({ prefix: `${tempPrefix()}/catalog` }),
})
runCatalogConformance({
  test,
  name: 'the objects below a prefix',
  open: async (): Promise<Catalog> => {
    const [objects, prefix] = [new MemoryStore(), 'memory://below/snapshots']
    return {
      manifests: new ObjectManifestStore(objects, prefix),
      runs: new ObjectRunRegistry(objects, prefix),
    }
  },
})
await withS3Server('objectCatalog', ({ bucket, s3 }) => {
  runCatalogConformance({
    test,
    name: 'objectCatalog on S3',
    open: () => objectCatalog({ prefix: `s3://${bucket}/${randomUUID()}`, s3 }),
  })
})

test('objectCatalog: shards lie in one place, manifests and records in another', async () => {
  const prefix = tempPrefix()
  const catalog = await objectCatalog({ prefix: `memory://${newName()}/catalog` })
  const rows: [number, string][] = [[1, 'one']]
  const options = { prefix, catalog, sharding: { shards: 1 }, values: 'utf8' } as const
  const first = await writeSnapshot(rows, options)
  assert.match(first.manifestRef, /^memory:/)
  for await (const { url } of new FileStore().list(prefix)) assert.match(url, /\/shards\//)
  await using reader = await SnapshotReader.open({ prefix, catalog, values: 'utf8' })
  assert.equal(await reader.get(1), 'one')
  await writeSnapshot([[1, 'two']], options)
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(1), 'two')
  const [current] = await listSnapshots({ prefix, catalog })
  assert.equal(current?.data, 'present')
  assert.equal((await listRuns({ prefix, catalog })).length, 2)
  await rejectsWith('SHARD_NOT_FOUND', /nothing is published/, () =>
    SnapshotReader.open({ prefix }),
  )
  await using pinned = await SnapshotReader.open({
    prefix,
    catalog,
    manifestRef: first.manifestRef,
    values: 'utf8',
  })
  assert.equal(await pinned.get(1), 'one')
})

test('objectCatalog: its origin holds its options, unless they stay in this thread', async () => {
  const prefix = `${tempPrefix()}/catalog`
  const plain = await objectCatalog({ prefix, runRegistryPrefix: 'notes' })
  const options = { prefix, runRegistryPrefix: 'notes' }
  assert.deepEqual(JSON.parse(JSON.stringify(plain.origin)), {
    module: '@shardyfusion/core',
    export: 'objectCatalog',
    options,
  })
  const own = await objectCatalog({ prefix: 'memory://x/y', objects: new MemoryStore() })
  assert.equal(own.origin, undefined)
})

test('objectCatalog: a pointer to another place is refused', async () => {
  const name = newName()
  const prefix = `memory://${name}/catalog`
  const rows: [number, string][] = [[1, 'one']]
  await writeSnapshot(rows, { prefix, sharding: { shards: 1 }, values: 'utf8' })
  const elsewhere = await objectCatalog({ prefix: `memory://${name}/other` })
  const catalog = await objectCatalog({ prefix })
  const current = await catalog.manifests.loadCurrent()
  await elsewhere.manifests.setCurrent(current!.ref)
  await rejectsWith('SHARD_MANIFEST', /must be below memory:.*other/, () =>
    elsewhere.manifests.loadCurrent(),
  )
  clearMemoryStore(name)
})

test('an option that is not a catalog is refused, and says what a catalog has', async () => {
  const prefix = tempPrefix()
  const open = (catalog: unknown) => SnapshotReader.open({ prefix, catalog: catalog as Catalog })
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /catalog must be a catalog, with manifests and runs/,
    () => open({}),
  )
  const { manifests, runs } = await objectCatalog({ prefix: `memory://${newName()}/catalog` })
  const { create, load } = runs
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /catalog must be a catalog: manifests with publish,/,
    () => open({ manifests, runs: { create, load } }),
  )
})
