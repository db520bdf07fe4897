import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { FileStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { listSnapshots, rollbackSnapshot, verifySnapshot } from '@shardyfusion/core/maintain'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { tempDirectory } from './temp-root.js'

const BYTES = new TextEncoder().encode('value')

type Call = 'open' | 'stat' | 'readdir' | 'rename' | 'mkdir' | 'link' | 'unlink'
type Release = () => void

/** Makes a call of the file system hang, as one on a lost mount does, until it is released or the test ends. */
function hang(t: TestContext, call: Call): Release {
  const real = fs[call] as (...args: unknown[]) => Promise<unknown>
  let release: Release = () => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  const mock = t.mock.method(fs, call, async (...args: unknown[]) => {
    await gate
    return real(...args)
  })
  syncBuiltinESMExports()
  const restore = (): void => {
    mock.mock.restore()
    syncBuiltinESMExports()
    release()
  }
  t.after(restore)
  return restore
}

async function filled(t: TestContext, stepTimeoutMs?: number) {
  const folder = await tempDirectory(t)
  const root = pathToFileURL(folder).href
  await new FileStore().put(`${root}/a/x`, BYTES)
  return { folder, root, store: new FileStore({ stepTimeoutMs }) }
}

async function urlsBelow(store: ObjectStore, url: string, signal?: AbortSignal): Promise<string[]> {
  const urls = []
  for await (const info of store.list(url, { signal })) urls.push(info.url)
  return urls
}

const CASES: [call: Call, name: string, run: (s: FileStore, r: string, o: object) => unknown][] = [
  ['open', 'get', (s, r, o) => s.get(`${r}/a/x`, o)],
  ['stat', 'head', (s, r, o) => s.head(`${r}/a/x`, o)],
  ['open', 'put', (s, r, o) => s.put(`${r}/a/y`, BYTES, o)],
  ['rename', 'put', (s, r, o) => s.put(`${r}/a/y`, BYTES, o)],
  ['mkdir', 'put', (s, r, o) => s.put(`${r}/b/y`, BYTES, o)],
  ['link', 'put', (s, r, o) => s.put(`${r}/a/y`, BYTES, { ...o, ifAbsent: true })],
  ['readdir', 'listPrefixes', (s, r, o) => s.listPrefixes(r, o)],
  ['readdir', 'deletePrefix', (s, r, o) => s.deletePrefix(r, o)],
  ['unlink', 'deletePrefix', (s, r, o) => s.deletePrefix(r, o)],
  ['unlink', 'delete', (s, r, o) => s.delete(`${r}/a/x`, o)],
  ['readdir', 'sync', (s, r, o) => s.sync(r, o)],
  ['open', 'sync', (s, r, o) => s.sync(r, o)],
]
const upload = async (store: FileStore, url: string, options: object): Promise<void> => {
  const started = await store.upload(url, options)
  await started.write(BYTES)
  await started.complete()
}
for (const call of ['mkdir', 'open', 'rename'] as const) {
  CASES.push([call, 'upload', (s, r, o) => upload(s, `${r}/b/y`, o)])
}
const LIST: typeof CASES = (['readdir', 'stat'] as const).map((call) => [
  call,
  'list',
  (s, r, { signal }: { signal?: AbortSignal }) => urlsBelow(s, r, signal),
])

for (const [call, name, run] of [...CASES, ...LIST]) {
  test(`FileStore: ${name} ends when ${call} does not and the signal aborts`, async (t) => {
    const { root, store } = await filled(t)
    hang(t, call)
    const stop = new AbortController()
    const reason = { why: 'not an Error, on purpose' }
    const outcome = Promise.resolve(run(store, root, { signal: stop.signal })).catch(
      (error: unknown) => error,
    )
    setImmediate(() => stop.abort(reason))
    assert.equal(await outcome, reason)
  })

  test(`FileStore: ${name} ends when ${call} does not, within its bound`, async (t) => {
    const { root, store } = await filled(t, 20)
    hang(t, call)
    const error = await rejectsWith(
      'SHARD_STORE',
      new RegExp(`^FileStore\\.${name}: .*no answer of the file system within 20 ms`),
      () => run(store, root, {}),
    )
    assert.deepEqual([error.retryable, error.details['errno']], [true, 'ETIMEDOUT'])
  })
}

test('FileStore: a put given up does nothing when the file system answers again', async (t) => {
  const { folder, root, store } = await filled(t, 20)
  const release = hang(t, 'open')
  await rejectsWith('SHARD_STORE', /no answer/, () => store.put(`${root}/a/y`, BYTES))
  const unlinked = new Promise<void>((resolve) => {
    const real = fs.unlink
    t.mock.method(fs, 'unlink', async (path: string) => {
      await real(path)
      resolve()
    })
    syncBuiltinESMExports()
  })
  t.after(syncBuiltinESMExports)
  release()
  await unlinked
  assert.deepEqual(await fs.readdir(join(folder, 'a')), ['x'])
})

test('FileStore: refuses options it does not know', () => {
  assert.throws(() => new FileStore({ timeoutMs: 5 } as object), { code: 'SHARD_INVALID_OPTION' })
  assert.throws(() => new FileStore({ stepTimeoutMs: 0 }), { message: /milliseconds/ })
})

const noPipes = process.platform === 'win32' ? 'needs named pipes' : false

test(
  'FileStore: a named pipe is no object, and nothing waits for it',
  { skip: noPipes },
  async (t) => {
    const { folder, root, store } = await filled(t)
    execFileSync('mkfifo', [join(folder, 'a', 'pipe')])
    const url = `${root}/a/pipe`
    assert.equal(await store.get(url), undefined)
    assert.equal(await store.get(url, { range: { start: 0, end: 4 } }), undefined)
    assert.equal(await store.head(url), undefined)
    assert.deepEqual(await urlsBelow(store, root), [`${root}/a/x`])
    await store.sync(root)
    assert.equal(await store.put(url, BYTES), true)
    assert.deepEqual(await store.get(url), BYTES)
  },
)

for (const [name, run] of [
  ['open', (prefix: string, signal: AbortSignal) => SnapshotReader.open({ prefix, signal })],
  ['listSnapshots', (prefix: string, signal: AbortSignal) => listSnapshots({ prefix, signal })],
  ['verifySnapshot', (prefix: string, signal: AbortSignal) => verifySnapshot({ prefix, signal })],
  [
    'rollbackSnapshot',
    (prefix: string, signal: AbortSignal) => rollbackSnapshot({ prefix, runId: 'r', signal }),
  ],
  [
    'writeSnapshot',
    (prefix: string, signal: AbortSignal) =>
      writeSnapshot([[1, 'x']], { prefix, sharding: { shards: 1 }, values: 'utf8', signal }),
  ],
] as const) {
  test(`${name}: ends with its signal on a file system that does not answer`, async (t) => {
    const { root } = await filled(t)
    for (const call of ['open', 'readdir', 'stat', 'mkdir'] as const) hang(t, call)
    const stop = new AbortController()
    const reason = new Error('enough')
    const outcome = run(root, stop.signal).then(
      () => 'resolved',
      (error: unknown) => error,
    )
    setImmediate(() => stop.abort(reason))
    assert.equal(await outcome, reason)
  })
}

test('SnapshotReader: close does not wait for ever for a lookup that hangs', async (t) => {
  const { root: prefix } = await filled(t)
  const rows = [[1, 'x']] as const
  await writeSnapshot(rows, { prefix, sharding: { shards: 1 }, values: 'utf8' })
  const reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  const release = hang(t, 'open')
  const stop = new AbortController()
  const lookup = reader.get(1, { signal: stop.signal })
  setImmediate(() => stop.abort(new Error('enough')))
  await assert.rejects(lookup, { message: 'enough' })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const closing = reader.close()
  await new Promise(setImmediate)
  t.mock.timers.tick(10_000)
  await closing
  t.mock.timers.reset()
  release()
})
