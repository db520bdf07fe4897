import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '@shardyfusion/core'
import { openUpload, type ObjectStore } from '@shardyfusion/core/extend'
import { runObjectStoreConformance } from '@shardyfusion/core/testing'
import { HttpStore } from '#dist/store/http/http-store.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

/** A store of another package, which has no `upload`. */
function withoutUpload(): ObjectStore {
  const memory = new MemoryStore()
  return new Proxy(memory as ObjectStore, {
    get(target, name) {
      if (name === 'upload') return undefined
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

runObjectStoreConformance({
  test,
  name: 'openUpload on a store without upload',
  open: async () => {
    const store = withoutUpload()
    const upload: ObjectStore['upload'] = (url, options) => openUpload(store, url, options)
    const changed = new Proxy(store, {
      get: (target, name) => (name === 'upload' ? upload : Reflect.get(target, name)),
    })
    return { store: changed, root: 'memory://test/x' }
  },
})

test('openUpload: uses the upload of a store that has one', async () => {
  const memory = new MemoryStore()
  const upload = await openUpload(memory, 'memory://a/b')
  await upload.write(Uint8Array.of(1, 2, 3))
  await upload.complete(Uint8Array.of(9))
  assert.deepEqual(await memory.get('memory://a/b'), Uint8Array.of(9, 2, 3))
})

test('HttpStore: upload is refused like every write', async () => {
  const store = new HttpStore('https://example.org/x')
  await rejectsWith('SHARD_STORE', /read-only/, () => store.upload('https://example.org/x/a'))
})
