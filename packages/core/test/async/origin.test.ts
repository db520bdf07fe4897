import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileStore, MemoryStore, slatedb } from '@shardyfusion/core'
import { type ObjectStore, wrapEngine } from '@shardyfusion/core/extend'
import { countStore, faultyEngine, interceptStore } from '@shardyfusion/core/testing'
import { parseOrigin } from '#dist/async/origin.js'
import { engineFromOrigin } from '#dist/engine/engine-origin.js'
import { storeFromOrigin } from '#dist/store/store-origin.js'
import { objectEngine } from '../support/object-engine.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const HERE = import.meta.url

/** Exports that origins of these tests name. */
export class ClassStore extends MemoryStore {
  readonly options: unknown
  constructor(options: unknown) {
    super()
    this.options = options
  }
}
export const constantStore = new MemoryStore()
export const frozenStore = Object.freeze(new MemoryStore())
export const makeLater = async (): Promise<ObjectStore> => new MemoryStore()
export const fails = (): never => {
  throw new RangeError('no such place')
}

test('an origin is a module by URL or name, an export, and JSON data', async () => {
  const options = { text: 'ü', list: [1, null, { deep: true }], left: undefined }
  assert.deepEqual(parseOrigin({ module: HERE, options }, 'test'), {
    module: HERE,
    export: 'default',
    options: { text: 'ü', list: [1, null, { deep: true }] },
  })
  for (const module of [
    '@acme/engine',
    'engine',
    '@acme/engine/sub/path.js',
    'data:text/javascript,1',
  ])
    assert.equal(parseOrigin({ module }, 'test').module, module)
  const circle: { self?: object } = {}
  circle.self = circle
  for (const [origin, message] of [
    ['text', /^test: origin must be \{ module, export, options \}, got "text"$/],
    [{ module: './a.js' }, /origin\.module must be the URL of a module/],
    [{ module: '/a/b.js' }, /origin\.module must be the URL of a module/],
    [{ module: '' }, /origin\.module must be/],
    [{ module: HERE, export: '' }, /origin\.export must be the name of an export/],
    [{ module: HERE, exports: 'x' }, /unknown member "exports"/],
    [
      { module: HERE, options: { at: { on: () => 1 } } },
      /origin\.options\.at\.on must be JSON data.*got a function/,
    ],
    [{ module: HERE, options: [1n] }, /origin\.options\[0\] must be JSON data/],
    [{ module: HERE, options: { n: Number.NaN } }, /origin\.options\.n must be JSON data/],
    [{ module: HERE, options: new Uint8Array(2) }, /origin\.options must be JSON data/],
    [{ module: HERE, options: circle }, /nested at most 32 deep/],
  ] as const) {
    await rejectsWith('SHARD_INVALID_OPTION', message, () => parseOrigin(origin, 'test'))
  }
})

test('a function is called, a class constructed and a value used; all know where they came from', async () => {
  const store = (name: string, options?: unknown) =>
    storeFromOrigin(
      { module: HERE, export: name, ...(options !== undefined && { options }) },
      'test',
    )
  const made = await store('ClassStore', { a: 1 })
  assert.ok(made instanceof ClassStore)
  assert.deepEqual(made.options, { a: 1 })
  for (const name of ['constantStore', 'frozenStore', 'makeLater'])
    assert.deepEqual((await store(name)).origin, { module: HERE, export: name })
  await made.put('memory://a/b', Uint8Array.of(1))
  assert.deepEqual(await made.get('memory://a/b'), Uint8Array.of(1))
  await assert.rejects(() => store('fails'), /no such place/)
  await rejectsWith('SHARD_INVALID_OPTION', /has no export "other"/, () => store('other'))
  await rejectsWith('SHARD_INVALID_OPTION', /node:path must make an object store, got/, () =>
    storeFromOrigin({ module: 'node:path', export: 'posix' }, 'test'),
  )
})

test('our own engine and file store have an origin, with their options', async () => {
  const engine = slatedb({ runtime: 'wasm', settings: { compression: 'lz4' } })
  assert.deepEqual(engine.origin, {
    module: '@shardyfusion/core',
    export: 'slatedb',
    options: { runtime: 'wasm', settings: { compression: 'lz4' } },
  })
  const same = await engineFromOrigin(engine.origin, 'test')
  assert.deepEqual([same.name, same.format, same.origin], ['wasm', 'slatedb', engine.origin])
  assert.ok((await storeFromOrigin(new FileStore().origin!, 'test')) instanceof FileStore)
})

test('whatever wraps, copies or extends a part does not have its origin', () => {
  class Audited extends FileStore {}
  const parts = [
    wrapEngine(slatedb(), {}),
    faultyEngine(objectEngine()),
    { ...slatedb() },
    { ...objectEngine() },
    new Audited(),
    countStore(new FileStore()).store,
    interceptStore(new FileStore(), {}),
    new MemoryStore(),
  ]
  for (const part of parts) assert.equal((part as ObjectStore).origin, undefined)
})
