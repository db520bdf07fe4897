import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readlinkSync } from 'node:fs'
import {
  chmod,
  mkdir,
  open,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { fileStoreError } from '#dist/store/file/file-error.js'
import { FileStore } from '#dist/store/file/file-store.js'
import { runObjectStoreConformance } from '@shardyfusion/core/testing'
import { startChild } from './file-store-child.js'
import { tempDirectory } from './temp-root.js'

runObjectStoreConformance({
  test,
  name: 'FileStore',
  open: async (t: TestContext) => ({
    store: new FileStore(),
    root: pathToFileURL(await tempDirectory(t)).href,
  }),
})

runObjectStoreConformance({
  test,
  name: 'FileStore at a percent-encoded root',
  open: async (t: TestContext) => ({
    store: new FileStore(),
    root: pathToFileURL(join(await tempDirectory(t), 'a blank, é, 100%, #1? [x]')).href,
  }),
})

runObjectStoreConformance({
  test,
  name: 'FileStore at a root written as it is',
  open: async (t: TestContext) => ({
    store: new FileStore(),
    root: `file://${await tempDirectory(t)}/a blank, é`,
  }),
})

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const asRoot = process.getuid?.() === 0
const linux = process.platform === 'linux'

async function urlsBelow(store: FileStore, url: string): Promise<string[]> {
  const urls = []
  for await (const info of store.list(url)) urls.push(info.url)
  return urls
}

test('FileStore: an escaped and a literal URL name the same file', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  await store.put(`file://${path}/a%20b/%C3%A9`, bytes('x'))
  assert.deepEqual(await readFile(join(path, 'a b', 'é')), Buffer.from('x'))
  assert.deepEqual(await store.get(`file://${path}/a b/é`), bytes('x'))
  // Where list has to choose, it uses no needless escape, and keeps the root as it was given.
  assert.deepEqual(await urlsBelow(store, `file://${path}/a%20b`), [`file://${path}/a%20b/é`])
  assert.deepEqual(await urlsBelow(store, `file://${path}`), [`file://${path}/a b/é`])
})

test('FileStore: names that need escapes come back as they were put', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  const urls = ['%25', '100%25/x', 'a%3Fb', 'blank%20', 'tab%09/x', '%252e', 'x%23y/z'].map(
    (name) => `file://${path}/${name}`,
  )
  for (const url of urls) await store.put(url, bytes(url))
  assert.deepEqual((await urlsBelow(store, `file://${path}`)).toSorted(), urls.toSorted())
  assert.deepEqual((await readdir(path)).toSorted(), [
    '%',
    '%2e',
    '100%',
    'a?b',
    'blank ',
    'tab\t',
    'x#y',
  ])
})

test('FileStore: a URL that a URL parser would silently change is refused', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  for (const name of ['a\\b', 'a/%2e%2e/b', 'a ', 'a /b', '%zz', 'a%2Fb', 'a%00', '%ff', 'x%23']) {
    await assert.rejects(
      store.put(`file://${path}/${name}`, bytes('x')),
      { code: 'SHARD_STORE' },
      name,
    )
  }
  await assert.rejects(store.put('file://host/x', bytes('x')), { code: 'SHARD_STORE' })
  assert.deepEqual(await readdir(path), [])
})

test('FileStore: leftovers of a crash are not listed, and deletePrefix sweeps them uncounted', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  const root = `file://${path}/run`
  await store.put(`${root}/db=0/x`, bytes('x'))
  await mkdir(join(path, 'run', 'only-leftovers'))
  await writeFile(join(path, 'run', 'db=0', '#ours'), 'half')
  await writeFile(join(path, 'run', 'db=0', 'wal-1#7'), 'an engine stages uploads like this')
  await writeFile(join(path, 'run', 'only-leftovers', '#x'), 'half')
  assert.deepEqual(await urlsBelow(store, root), [`${root}/db=0/x`])
  assert.deepEqual(await store.listPrefixes(root), [`${root}/db=0`])
  assert.equal(await store.deletePrefix(root), 1)
  assert.deepEqual(await readdir(path), [])
})

test('FileStore: deletePrefix takes emptied directories and nothing above the prefix', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  await store.put(`file://${path}/above/run/db=0/attempt=00/x`, bytes('x'))
  assert.equal(await store.deletePrefix(`file://${path}/above/run`), 1)
  assert.deepEqual(await readdir(join(path, 'above')), [])
})

test('FileStore: deletePrefix takes emptied directories above as well, within what it is told', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  const within = `file://${path}/lineage`
  const attempt = (run: string): string => `${within}/shards/run_id=${run}/db=0/attempt=00`
  await store.put(`${attempt('a')}/x`, bytes('x'))
  await store.put(`${attempt('b')}/x`, bytes('x'))
  assert.equal(await store.deletePrefix(attempt('a'), { within }), 1)
  assert.deepEqual(await readdir(join(path, 'lineage', 'shards')), ['run_id=b'])
  // What is not below it is no reason to remove what is.
  assert.equal(await store.deletePrefix(attempt('b'), { within: `file://${path}/line` }), 1)
  assert.deepEqual(await readdir(join(path, 'lineage', 'shards', 'run_id=b')), ['db=0'])
  assert.equal(await store.deletePrefix(attempt('b'), { within }), 0)
  assert.deepEqual(await readdir(join(path, 'lineage')), [])
})

test('FileStore: a put leaves only the object behind', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  const url = `file://${path}/x`
  await store.put(url, bytes('1'))
  await store.put(url, bytes('2'))
  await store.put(url, bytes('3'), { ifAbsent: true })
  await store.put(`file://${path}/y`, bytes('4'), { ifAbsent: true })
  assert.deepEqual((await readdir(path)).toSorted(), ['x', 'y'])
  assert.equal((await stat(join(path, 'y'))).nlink, 1)
})

test('FileStore: a put aborted under way leaves nothing', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  const controller = new AbortController()
  const reason = new Error('changed my mind')
  const put = store.put(`file://${path}/x`, new Uint8Array(32 * 1024 * 1024), {
    signal: controller.signal,
  })
  setImmediate(() => controller.abort(reason))
  await assert.rejects(put, (error) => error === reason)
  assert.deepEqual(await readdir(path), [])
})

test('FileStore: links to files are objects; links to directories are neither followed nor deleted', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  const root = `file://${path}/root`
  await store.put(`file://${path}/outside/x`, bytes('outside'))
  await store.put(`${root}/dir/y`, bytes('y'))
  await symlink(path, join(path, 'root', 'dir', 'loop'))
  await symlink(join(path, 'outside', 'x'), join(path, 'root', 'to-file'))
  await symlink(join(path, 'nowhere'), join(path, 'root', 'dangling'))
  await symlink(join(path, 'root'), join(path, 'alias'))
  assert.deepEqual(await urlsBelow(store, root), [`${root}/dir/y`, `${root}/to-file`])
  assert.deepEqual(await store.get(`${root}/to-file`), bytes('outside'))
  assert.deepEqual(await urlsBelow(store, `file://${path}/alias/dir`), [
    `file://${path}/alias/dir/y`,
  ])
  assert.equal(await store.deletePrefix(root), 2)
  assert.deepEqual(await store.get(`file://${path}/outside/x`), bytes('outside'))
})

test('FileStore: head tells the size and date of the file', async (t) => {
  const path = await tempDirectory(t)
  await writeFile(join(path, 'x'), '12345')
  await utimes(join(path, 'x'), 1_700_000_000, 1_700_000_000)
  assert.deepEqual(await new FileStore().head(`file://${path}/x`), {
    url: `file://${path}/x`,
    bytes: 5,
    modifiedAt: new Date(1_700_000_000_000),
  })
})

test('FileStore: a range reads only the range', async (t) => {
  const path = await tempDirectory(t)
  const size = 2 ** 40
  // A sparse file: reading it whole would not fit in memory.
  const handle = await open(join(path, 'sparse'), 'w')
  await handle.write(bytes('end'), 0, 3, size - 3)
  await handle.close()
  const got = await new FileStore().get(`file://${path}/sparse`, {
    range: { start: size - 3, end: size + 5 },
  })
  assert.deepEqual(got, bytes('end'))
})

test('FileStore: an object and objects below it exclude each other, with a clear error', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  await store.put(`file://${path}/a/b`, bytes('x'))
  for (const ifAbsent of [false, true]) {
    await assert.rejects(store.put(`file://${path}/a/b/c/d`, bytes('x'), { ifAbsent }), {
      code: 'SHARD_STORE',
      retryable: false,
      message: /^FileStore\.put: "file:.*ENOTDIR; .*cannot both exist/,
    })
    await assert.rejects(store.put(`file://${path}/a`, bytes('x'), { ifAbsent }), {
      code: 'SHARD_STORE',
      retryable: false,
      message:
        /FileStore\.put: .*(EISDIR|EEXIST); the path (exists and is not a file|is a directory)/,
    })
  }
  assert.deepEqual(await readdir(path), ['a'])
})

test('FileStore: a name too long for the file system is told', async (t) => {
  const path = await tempDirectory(t)
  await assert.rejects(new FileStore().put(`file://${path}/${'x'.repeat(300)}`, bytes('x')), {
    code: 'SHARD_STORE',
    message: /ENAMETOOLONG; .*255 bytes/,
  })
})

test('FileStore: denied access names the permissions', async (t) => {
  const path = await tempDirectory(t)
  const store = new FileStore()
  await store.put(`file://${path}/shut/x`, bytes('x'))
  await chmod(path, 0o755)
  await chmod(join(path, 'shut'), 0o555)
  // The superuser may write anywhere, so this part runs as somebody else.
  if (asRoot) process.seteuid!(65_534)
  try {
    await assert.rejects(store.put(`file://${path}/shut/y`, bytes('y')), {
      code: 'SHARD_STORE',
      retryable: false,
      message: /EACCES; check the permissions/,
    })
  } finally {
    if (asRoot) process.seteuid!(0)
    await chmod(join(path, 'shut'), 0o700)
  }
})

test('fileStoreError: says what to check, and whether waiting helps', () => {
  const failure = (code: string, syscall: string) =>
    fileStoreError('put', 'file:///x', Object.assign(new Error(code), { code, syscall })) as {
      message: string
      retryable: boolean
      cause: Error
    }
  assert.match(
    failure('ENOSPC', 'write').message,
    /^FileStore\.put: "file:\/\/\/x" failed with ENOSPC; no space/,
  )
  assert.match(failure('EROFS', 'open').message, /read-only/)
  assert.match(failure('EPERM', 'link').message, /no hard links/)
  assert.match(failure('EPERM', 'open').message, /permissions/)
  for (const code of ['EMFILE', 'ENFILE', 'EBUSY'])
    assert.equal(failure(code, 'open').retryable, true, code)
  for (const code of ['EACCES', 'ENOSPC', 'EROFS', 'ENOTDIR', 'EIO'])
    assert.equal(failure(code, 'open').retryable, false, code)
  assert.equal(failure('EIO', 'read').cause.message, 'EIO')
  const reason = new DOMException('stop', 'AbortError')
  assert.equal(fileStoreError('put', 'file:///x', reason), reason)
})

test(
  'FileStore: a put syncs the bytes before the name, then the name',
  { skip: !linux },
  async (t) => {
    const path = await tempDirectory(t)
    const synced: string[] = []
    await onSync(t, (file) =>
      synced.push(`${file.slice(path.length)} ${existsSync(join(path, 'new', 'dir', 'x'))}`),
    )
    await new FileStore().put(`file://${path}/new/dir/x`, bytes('x'))
    assert.deepEqual(
      synced.map((line) => line.replace(/#[-0-9a-f]+/, '#')),
      // The directories made on the way, each by syncing the one above; then the file; then its name.
      [' false', '/new false', '/new/dir/# false', '/new/dir true'],
    )
  },
)

test(
  'FileStore: sync reaches every file and directory below and the names leading there',
  { skip: !linux },
  async (t) => {
    const path = await tempDirectory(t)
    for (const directory of ['run/db=0/manifest', 'run/db=0/empty']) {
      await mkdir(join(path, directory), { recursive: true })
    }
    for (const file of ['run/db=0/a', 'run/db=0/manifest/b', 'run/db=0/c#1', 'run/other']) {
      await writeFile(join(path, file), file)
    }
    const synced: string[] = []
    await onSync(t, (file) => synced.push(file))
    await new FileStore().sync(`file://${path}/run/db=0`)
    const below = synced
      .filter((file) => file.startsWith(path))
      .map((file) => file.slice(path.length + 1))
    assert.deepEqual(below.toSorted(), [
      '',
      'run',
      'run/db=0',
      'run/db=0/a',
      'run/db=0/c#1',
      'run/db=0/empty',
      'run/db=0/manifest',
      'run/db=0/manifest/b',
    ])
    assert.ok(synced.indexOf(join(path, 'run/db=0/a')) < synced.indexOf(join(path, 'run/db=0')))
  },
)

/** Calls `seen` with the path of every file handle that is synced, just before the real sync. */
async function onSync(t: TestContext, seen: (path: string) => void): Promise<void> {
  const handle = await open(fileURLToPath(import.meta.url))
  const prototype = Object.getPrototypeOf(handle) as { sync(this: { fd: number }): Promise<void> }
  await handle.close()
  const real = prototype.sync
  t.mock.method(prototype, 'sync', function (this: { fd: number }) {
    seen(readlinkSync(`/proc/self/fd/${this.fd}`))
    return real.call(this)
  })
}

test('FileStore: of two processes racing with ifAbsent exactly one wins each object', async (t) => {
  const root = pathToFileURL(await tempDirectory(t)).href
  const names = 60
  const racers = ['1', '2'].map((id) => startChild(t, 'race', root, id, String(names)))
  for (const racer of racers) await racer.line('ready')
  for (const racer of racers) racer.process.stdin.end()
  const won = await Promise.all(racers.map((racer) => racer.rest()))
  const store = new FileStore()
  for (let i = 0; i < names; i++) {
    const winners = ['1', '2'].filter((_, racer) => won[racer]?.includes(String(i)))
    assert.equal(winners.length, 1, `object ${i}`)
    assert.deepEqual(await store.get(`${root}/${i}`), bytes(winners[0] ?? ''))
  }
  assert.equal((await urlsBelow(store, root)).length, names)
})

test(
  'FileStore: a process killed in the middle of many puts leaves whole objects only',
  { timeout: 60_000 },
  async (t) => {
    const path = await tempDirectory(t)
    const root = pathToFileURL(path).href
    const store = new FileStore()
    const unfinished = async (): Promise<number> =>
      (await readdir(path, { recursive: true })).filter((name) => name.includes('#')).length
    let leftovers = 0
    // At times the child finishes between the look and the kill; some round catches it.
    for (let round = 0; round < 3 || (leftovers === 0 && round < 20); round++) {
      const before = await unfinished()
      const child = startChild(t, 'put', root)
      for (let puts = 0; puts < 5 + round; puts++) await child.line('put')
      while ((await unfinished()) <= before) t.signal.throwIfAborted()
      child.process.kill('SIGKILL')
      await once(child.process, 'exit')
      let objects = 0
      for await (const info of store.list(root)) {
        const got = await store.get(info.url)
        const version = got?.[0] ?? 0
        assert.equal(got?.length, 256 * 1024 + version, info.url)
        assert.ok(
          got.every((byte) => byte === version),
          info.url,
        )
        objects++
      }
      assert.ok(objects > 0)
      leftovers = await unfinished()
    }
    assert.ok(leftovers > 0, 'some put was cut off')
    await store.deletePrefix(root)
    assert.equal(existsSync(path), false)
  },
)

test('FileStore: a process killed in the middle of an upload leaves no object', async (t) => {
  const path = await tempDirectory(t)
  const root = pathToFileURL(path).href
  const child = startChild(t, 'upload', root)
  for (let written = 0; written < 3; written++) await child.line('written')
  child.process.kill('SIGKILL')
  await once(child.process, 'exit')
  const store = new FileStore()
  assert.deepEqual(await urlsBelow(store, root), [])
  assert.equal((await readdir(join(path, 'd'))).length, 1)
  await store.deletePrefix(root)
  assert.equal(existsSync(join(path, 'd')), false)
})

test('FileStore: an upload takes the place of empty directories', async (t) => {
  const root = pathToFileURL(await tempDirectory(t)).href
  const store = new FileStore()
  const upload = await store.upload(`${root}/a`)
  await upload.write(bytes('x'))
  await mkdir(fileURLToPath(`${root}/a/b`), { recursive: true })
  await upload.complete()
  assert.deepEqual(await store.get(`${root}/a`), bytes('x'))
})
