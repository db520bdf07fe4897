import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileStore, MemoryStore, sqlite, updateSnapshot, writeSnapshot } from '@shardyfusion/core'
import { interceptStore, type StoreCall } from '@shardyfusion/core/testing'
import { HashRouter } from '#dist/routing/hash-router.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const SHARDS = 64
const ROWS = 6400
const TOUCHED = 17

const stores = {
  memory: () => ({ objects: new MemoryStore(), prefix: 'memory://counted/snapshots' }),
  files: () => ({ objects: new FileStore(), prefix: tempPrefix() }),
}

for (const kind of ['memory', 'files'] as const) {
  for (const engine of ['wasm', sqlite()] as const) {
    const name = typeof engine === 'string' ? engine : engine.name
    test(`an update of 1 % of one shard writes that shard and reads no other: ${name}, ${kind}`, async () => {
      const { objects, prefix } = stores[kind]()
      const rows = Array.from({ length: ROWS }, (_, i) => [i, `row ${i}`] as const)
      const options = { prefix, objects, engine, values: 'utf8' } as const
      const base = await writeSnapshot(rows, { ...options, sharding: { shards: SHARDS } })
      const router = new HashRouter({ strategy: 'hash', hashAlgorithm: 'xxh3_64' }, SHARDS)
      const own = rows.filter(([key]) => router.route(key) === TOUCHED)
      const changes = own.filter((_, i) => i % 100 === 0).map(([key]) => [key, 'new'] as const)

      const calls: StoreCall[] = []
      const counted = interceptStore(objects, { before: (call) => void calls.push(call) })
      const updated = await updateSnapshot(changes, { ...options, objects: counted })

      assert.equal(updated.shardsWritten, 1)
      assert.equal(updated.shardsKept, SHARDS - 1)
      const below = `${prefix}/shards/`
      const places = new Set(
        calls.flatMap(({ url, operation }) =>
          url.startsWith(below)
            ? `${kindOf(operation)} ${url.slice(below.length).split('/', 2).join('/')}`
            : [],
        ),
      )
      const shard = `db=000${TOUCHED}`
      for (const place of places) {
        const isOld = place === `read run_id=${base.runId}/${shard}`
        // Before the publication, one list shows that the new shard is stored.
        const isNew = place.includes(` run_id=${updated.runId}`)
        const isOther = isNew && place.includes('/') && !place.endsWith(shard)
        assert.ok((isOld || isNew) && !isOther, place)
      }
      assert.ok(places.has(`read run_id=${base.runId}/${shard}`))
      assert.ok(places.has(`write run_id=${updated.runId}/${shard}`))
      for (const [id, { url }] of updated.shards.entries())
        assert.equal(url === base.shards[id]!.url, id !== TOUCHED)
    })
  }
}

function kindOf(operation: StoreCall['operation']): string {
  return ['get', 'head', 'list', 'listPrefixes'].includes(operation) ? 'read' : 'write'
}
