import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ShardyfusionError } from '@shardyfusion/core'
import type { DbReader } from '@slatedb/uniffi'
import { type Binding, checkBinding, explainLoadFailure } from '#dist/slatedb/native/binding.js'
import { NativeReader } from '#dist/slatedb/native/native-reader.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const real: Readonly<Record<string, unknown>> = await import('@slatedb/uniffi')

/** The installed binding, with one of its classes replaced by one that is like it but for some methods. */
function bindingWith(name: string, changes: Record<string, unknown>): Record<string, unknown> {
  const original = real[name] as { prototype: object }
  const changed = function (): void {} as unknown as Record<string, unknown>
  Object.setPrototypeOf(changed, original)
  changed['prototype'] = Object.create(original.prototype) as object
  for (const [method, value] of Object.entries(changes)) {
    const target = method.startsWith('static ') ? changed : (changed['prototype'] as object)
    Object.defineProperty(target, method.replace('static ', ''), { value })
  }
  return { ...real, [name]: changed }
}

function refusalOf(module: object): ShardyfusionError {
  try {
    checkBinding(module, '9.9.9')
  } catch (error) {
    return error as ShardyfusionError
  }
  return assert.fail('the binding was taken')
}

test('the installed binding is taken as it is', () => {
  const binding = checkBinding(real, '0.12.1')
  assert.deepEqual(binding.features, {
    nextBatch: false,
    readerCheckpoint: true,
    close: 'shutdown',
  })
  assert.equal(binding.DbBuilder, real['DbBuilder'])
})

const MISSING: readonly (readonly [symbol: string, module: object])[] = [
  ...['DbBuilder', 'DbReaderBuilder', 'Db', 'DbReader', 'DbIterator', 'Settings', 'WriteBatch'].map(
    (name) => [name, { ...real, [name]: undefined }] as const,
  ),
  ['ObjectStore', { ...real, ObjectStore: {} }],
  ['ObjectStore.resolve', bindingWith('ObjectStore', { 'static resolve': undefined })],
  ['Settings.default', bindingWith('Settings', { 'static default': undefined })],
  ['Settings.set', bindingWith('Settings', { set: undefined })],
  ['Db.write_with_options', bindingWith('Db', { write_with_options: undefined })],
  ['DbReader.get', bindingWith('DbReader', { get: undefined })],
  ['DbReader.dispose', bindingWith('DbReader', { dispose: undefined })],
  ['DbIterator.next', bindingWith('DbIterator', { next: 'not a method' })],
  // Neither of its two names is there.
  ['DbReader.shutdown', bindingWith('DbReader', { shutdown: undefined })],
  // Renamed for one class and not for the other: whichever is used, one cannot be closed.
  ['Db.shutdown', bindingWith('Db', { shutdown: undefined, close: () => {} })],
  // A function where a class was.
  ['WriteBatch.put', { ...real, WriteBatch: () => {} }],
]

for (const [symbol, module] of MISSING) {
  test(`a binding without ${symbol} is refused by name, with the version to install`, () => {
    const error = refusalOf(module)
    assert.equal(error.code, 'SHARD_ENGINE')
    assert.equal(
      error.message,
      `native engine: the SlateDB binding has no ${symbol} (@slatedb/uniffi 9.9.9); install the version this ` +
        `package was tested with: npm install @slatedb/uniffi@0.12.1`,
    )
    assert.deepEqual(error.details, {
      peer: 'DbAdapterError',
      package: '@slatedb/uniffi',
      symbol,
      version: '9.9.9',
    })
  })
}

test('a later binding that says close() for shutdown() is ended by close()', async () => {
  const module = { ...real }
  for (const name of ['Db', 'DbReader']) {
    Object.assign(module, {
      [name]: bindingWith(name, { shutdown: undefined, close: () => {} })[name],
    })
  }
  const binding = checkBinding(module, '0.15.0')
  assert.equal(binding.features.close, 'close')
  const calls: string[] = []
  const handle = {
    close: async () => calls.push('close'),
    dispose: () => calls.push('dispose'),
  }
  const reader = new NativeReader(binding, handle as unknown as DbReader, 'file:///shard')
  await Promise.all([reader.close(), reader.close()])
  assert.deepEqual(calls, ['close', 'dispose'])
})

/** A reader whose iterator answers next_batch() with these batches, and then with `end`. */
function batchReader(batches: readonly number[][], end: unknown) {
  const calls = { asked: [] as number[], disposed: 0 }
  const left = [...batches]
  const iterator = {
    next: () => assert.fail('row by row, though next_batch is there'),
    next_batch: async (max: number) => {
      calls.asked.push(max)
      return (
        left.shift()?.map((n) => ({ key: Uint8Array.of(n), value: Uint8Array.of(n, n) })) ?? end
      )
    },
    dispose: () => calls.disposed++,
  }
  const binding = checkBinding(bindingWith('DbIterator', { next_batch: () => {} }), '0.15.0')
  assert.equal(binding.features.nextBatch, true)
  const handle = {
    scan_with_options: async () => iterator,
    shutdown: async () => {},
    dispose: () => {},
  }
  return { reader: new NativeReader(binding, handle as unknown as DbReader, 'file:///s'), calls }
}

for (const [name, end] of [
  ['an empty batch', []],
  ['nothing', undefined],
] as const) {
  test(`next_batch is used, short batches do not end a scan, ${name} does`, async () => {
    const { reader, calls } = batchReader([[1, 2, 3], [4], [5, 6]], end)
    const scan = reader.scan({})
    const keys: number[][] = []
    for (;;) {
      const chunk = await scan.nextChunk(3)
      if (chunk === undefined) break
      keys.push(Array.from(chunk, ([key]) => key[0]!))
    }
    assert.deepEqual(keys, [[1, 2, 3], [4], [5, 6]])
    assert.deepEqual(calls.asked, [3, 3, 3, 3])
    assert.equal(await scan.nextChunk(3), undefined)
    assert.deepEqual(calls.asked, [3, 3, 3, 3], 'nothing is asked after the end')
    await scan.close()
    assert.equal(calls.disposed, 1)
    await reader.close()
    assert.equal(calls.disposed, 1)
  })
}

test('a getMany that fails ends only when no get is under way any more', async () => {
  const binding: Binding = checkBinding(real, '0.12.1')
  let running = 0
  const handle = {
    get: async (key: Uint8Array) => {
      running++
      for (let i = 0; i < key[0]!; i++) await new Promise(setImmediate)
      running--
      if (key[0] === 1) throw new Error('bad block')
      return key
    },
    shutdown: async () => {},
    dispose: () => assert.equal(running, 0, 'freed under a running call'),
  }
  const reader = new NativeReader(binding, handle as unknown as DbReader, 'file:///shard')
  const keys = Array.from({ length: 200 }, (_, i) => Uint8Array.of(i === 100 ? 1 : 5))
  await assert.rejects(() => reader.getMany(keys), /bad block/)
  assert.equal(running, 0)
  await reader.close()
})

test('what Node says of a binding that does not load becomes one error that says what to do', () => {
  const notFound = (name: string): Error =>
    Object.assign(
      new Error(
        `Cannot find package '${name}' imported from /app/node_modules/@slatedb/uniffi/x.js`,
      ),
      {
        code: 'ERR_MODULE_NOT_FOUND',
      },
    )
  assert.match(
    explainLoadFailure(notFound('@slatedb/uniffi'), 'linux-x64-gnu').message,
    /^native engine: the SlateDB binding is not installed; run: npm install @slatedb\/uniffi@0\.12\.1$/,
  )
  // The binding is there; what it needs is not.
  assert.match(
    explainLoadFailure(notFound('koffi'), 'linux-x64-gnu').message,
    /could not be loaded on linux-x64-gnu: Cannot find package 'koffi'.*check that @slatedb\/uniffi and koffi are/,
  )
  const musl = explainLoadFailure(new Error('Error loading shared library'), 'linux-arm64-musl')
  assert.match(
    musl.message,
    /no library for linux-arm64-musl \(Alpine and other musl systems\); use a glibc image/,
  )
  assert.equal(musl.details['platform'], 'linux-arm64-musl')
  assert.ok(musl.cause instanceof Error)
  for (const thrown of [undefined, null, 'text', 42]) {
    const error = explainLoadFailure(thrown, 'win32-arm64')
    assert.equal(error.code, 'SHARD_ENGINE')
    assert.match(error.message, /could not be loaded on win32-arm64/)
  }
})

const run = promisify(execFile)
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url))

test('without the binding installed, the native engine says so, and the rest of the package works', async () => {
  // The package as somebody has it who installed it with --omit=optional, or pruned too much.
  const folder = tempFolder()
  const copy = join(folder, 'node_modules/@shardyfusion/core')
  await mkdir(copy, { recursive: true })
  await cp(join(PACKAGE, 'dist'), join(copy, 'dist'), { recursive: true })
  await cp(join(PACKAGE, 'package.json'), join(copy, 'package.json'))
  const modules = join(PACKAGE, 'node_modules')
  for (const name of await readdir(modules)) {
    if (name.startsWith('.') || name === '@slatedb') continue
    const target = join(folder, 'node_modules', name)
    if (!name.startsWith('@')) await symlink(await realpath(join(modules, name)), target)
    else {
      await mkdir(target, { recursive: true })
      for (const scoped of await readdir(join(modules, name))) {
        if (scoped === 'core') continue
        await symlink(await realpath(join(modules, name, scoped)), join(target, scoped))
      }
    }
  }
  const script = join(folder, 'main.mjs')
  await writeFile(
    script,
    `import { ShardReader, writeSnapshot } from '@shardyfusion/core'
     import { packEntries } from '@shardyfusion/core/extend'
     const failures = []
     for (const call of [
       () => ShardReader.open({ url: 'memory://x/shard', engine: 'native' }),
       () => writeSnapshot([[1, new Uint8Array(1)]], { prefix: 'memory://x', sharding: { shards: 1 }, engine: 'native' }),
     ]) await call().catch((error) => failures.push([error.code, error.message, error.details.peer]))
     const { rowCount } = await writeSnapshot([[1, new Uint8Array(1)]], { prefix: 'memory://x', sharding: { shards: 1 } })
     console.log(JSON.stringify({ count: packEntries([]).count, rowCount, failures }))`,
  )
  const { stdout, stderr } = await run(process.execPath, [script], { cwd: dirname(script) })
  const failure = [
    'SHARD_ENGINE',
    'native engine: the SlateDB binding is not installed; run: npm install @slatedb/uniffi@0.12.1',
    'DbAdapterError',
  ]
  assert.deepEqual(JSON.parse(stdout), { count: 0, rowCount: 1, failures: [failure, failure] })
  assert.equal(stderr, '')
})
