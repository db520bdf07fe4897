import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { clearMemoryStore } from '#dist/store/memory-store.js'
import { openObjectStore } from '#dist/store/open-store.js'
import { tempDirectory } from './temp-root.js'

const bytes = Uint8Array.of(7)

test('openObjectStore: two openings of one memory:// name see the same objects', async (t) => {
  t.after(() => clearMemoryStore('open-store'))
  const a = await openObjectStore('memory://open-store/one/prefix')
  const b = await openObjectStore('memory://open-store')
  await a.put('memory://open-store/one/prefix/x', bytes)
  assert.deepEqual(await b.get('memory://open-store/one/prefix/x'), bytes)
})

test('openObjectStore: file:// serves the directory named', async (t) => {
  const root = pathToFileURL(await tempDirectory(t)).href
  const store = await openObjectStore(`${root}/`)
  await store.put(`${root}/x`, bytes)
  assert.deepEqual(await (await openObjectStore(root)).get(`${root}/x`), bytes)
})

test('openObjectStore: s3:// takes a connection, and refuses a wrong one', async () => {
  const store = await openObjectStore('s3://bucket/path', {
    s3: { endpoint: 'http://127.0.0.1:1' },
  })
  assert.equal(store.scheme, 's3')
  await store.close?.()
  await store.close?.()
  await assert.rejects(openObjectStore('s3://bucket/path', { s3: { endpoint: '127.0.0.1' } }), {
    code: 'SHARD_INVALID_OPTION',
    message: /openObjectStore: s3\.endpoint must be http\(s\)/,
  })
})

test('openObjectStore: anything else is told what to write', async () => {
  await assert.rejects(openObjectStore('/data/snapshots'), {
    code: 'SHARD_INVALID_OPTION',
    message: /openObjectStore: .*pathToFileURL/,
  })
})
