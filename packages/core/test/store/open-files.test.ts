import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { FileStore } from '@shardyfusion/core'
import { ReadPace } from '#dist/store/file/read-pace.js'
import { tempDirectory } from './temp-root.js'

const ATTEMPT = 'shards/run_id=r/db=00000/attempt=00'
const linux = process.platform === 'linux'

async function filled(t: TestContext, name: string) {
  const folder = await tempDirectory(t)
  const store = new FileStore()
  t.after(() => store.close())
  const url = `${pathToFileURL(folder).href}/${name}`
  await store.put(
    url,
    Uint8Array.from({ length: 10_000 }, (_, i) => i % 251),
  )
  return { folder, store, url, path: join(folder, name) }
}

const range = { start: 300, end: 310 }
const RANGE = Uint8Array.from({ length: 10 }, (_, i) => (300 + i) % 251)

/** Reads until the file is open, so that the next read is one system call. */
async function opened(store: FileStore, url: string): Promise<void> {
  for (let i = 0; i < 2; i++) await store.get(url, { range })
  // Opening takes a few turns.
  for (let turn = 0; turn < 100 && openDescriptors(url) === 0; turn++) {
    await new Promise(setImmediate)
  }
}

/** Number of descriptors of this process that refer to the file of a URL; on Linux only. */
function openDescriptors(url: string): number {
  if (!linux) return 0
  const path = new URL(url).pathname
  let found = 0
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (decodeURI(path) === readlinkSync(`/proc/self/fd/${fd}`)) found++
    } catch {
      // The descriptor of the listing.
    }
  }
  return found
}

test('FileStore: a file that is read again is opened once', { skip: !linux }, async (t) => {
  const { store, url } = await filled(t, `${ATTEMPT}/a`)
  // A machine with much to do makes reads slow, and slow reads go to a thread.
  t.mock.method(performance, 'now', () => 1)
  await store.get(url, { range })
  assert.equal(openDescriptors(url), 0, 'one read leaves nothing open')
  await opened(store, url)
  assert.equal(openDescriptors(url), 1)
  const real = fs.open
  const opening = t.mock.method(fs, 'open', (...args: Parameters<typeof real>) => real(...args))
  syncBuiltinESMExports()
  t.after(() => {
    opening.mock.restore()
    syncBuiltinESMExports()
  })
  const opens = async (): Promise<number> => {
    const before = opening.mock.callCount()
    assert.deepEqual(await store.get(url, { range }), RANGE)
    return opening.mock.callCount() - before
  }
  // The descriptor is used a few turns after it was opened.
  for (let turn = 0; turn < 100 && (await opens()) > 0; turn++) await new Promise(setImmediate)
  for (let i = 0; i < 5; i++) assert.equal(await opens(), 0)
  const beyond = await store.get(url, { range: { start: 9_995, end: 99_999 } })
  assert.deepEqual(
    beyond,
    Uint8Array.from({ length: 5 }, (_, i) => (9_995 + i) % 251),
  )
  opening.mock.restore()
  syncBuiltinESMExports()
  await store.close()
  assert.equal(openDescriptors(url), 0)
  assert.deepEqual(await store.get(url, { range }), RANGE, 'a closed store still reads')
})

for (const name of ['pointer', `${ATTEMPT}/table`]) {
  test(`FileStore: ${name} is read as it is after a put, a delete and a new put`, async (t) => {
    const { store, url } = await filled(t, name)
    const other = new FileStore()
    await opened(store, url)
    await store.put(url, new Uint8Array(10_000).fill(1))
    assert.deepEqual(await store.get(url, { range }), new Uint8Array(10).fill(1))
    await opened(store, url)
    const upload = await store.upload(url)
    await upload.write(new Uint8Array(10_000).fill(2))
    await upload.complete()
    assert.deepEqual(await store.get(url, { range }), new Uint8Array(10).fill(2))
    await opened(store, url)
    await store.delete(url)
    assert.equal(await store.get(url, { range }), undefined)
    await store.put(url, new Uint8Array(10_000).fill(3))
    await opened(store, url)
    await store.deletePrefix(url.slice(0, url.lastIndexOf('/')))
    assert.equal(await store.get(url, { range }), undefined)
    await other.put(url, new Uint8Array(10_000).fill(4))
    assert.deepEqual(await store.get(url, { range }), new Uint8Array(10).fill(4))
  })
}

test('FileStore: a file that another process replaced or removed is read as it is', async (t) => {
  const { store, url, path } = await filled(t, 'pointer')
  await opened(store, url)
  await fs.writeFile(`${path}.new`, new Uint8Array(10_000).fill(7))
  await fs.rename(`${path}.new`, path)
  assert.deepEqual(await store.get(url, { range }), new Uint8Array(10).fill(7))
  await opened(store, url)
  await fs.rm(path)
  assert.equal(await store.get(url, { range }), undefined)
})

test('FileStore: many files leave a bounded number open', { skip: !linux }, async (t) => {
  const { store, url } = await filled(t, `${ATTEMPT}/a`)
  const urls = Array.from({ length: 300 }, (_, i) => `${url}${i}`)
  await Promise.all(urls.map((each) => store.put(each, new Uint8Array(1000).fill(5))))
  const before = readdirSync('/proc/self/fd').length
  for (let round = 0; round < 3; round++) {
    for (const each of urls) assert.equal((await store.get(each, { range }))?.[0], 5)
  }
  const after = readdirSync('/proc/self/fd').length
  assert.ok(after - before <= 256 + 8, `${after - before} more are open`)
  assert.ok(after - before > 100, 'some are open')
  await store.close()
  assert.ok(readdirSync('/proc/self/fd').length <= before + 8)
})

test('FileStore: reads of an open file let timers and sockets run', async (t) => {
  const { store, url } = await filled(t, `${ATTEMPT}/a`)
  await opened(store, url)
  let turns = 0
  let isOver = false
  const count = (): void => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  for (let i = 0; i < 5_000; i++) await store.get(url, { range })
  isOver = true
  assert.ok(turns > 10, `${turns} turns`)
})

test('ReadPace: some milliseconds may block in one turn', async () => {
  for (const [isFair, least, most] of [
    [false, 4, 6],
    [true, 78, 82],
  ] as const) {
    const pace = new ReadPace()
    let reads = 0
    for (; pace.mayBlock(isFair) && reads < 100; reads++) pace.took(256 * 1024, 0.1)
    assert.ok(reads >= least && reads <= most, `${reads} reads`)
    assert.equal(pace.mayBlock(isFair), false)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    assert.equal(pace.mayBlock(isFair), true)
  }
})

test('ReadPace: after slow reads, fewer block', async () => {
  const pace = new ReadPace()
  const took = async (ms: number): Promise<void> => {
    pace.took(4096, ms)
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate)
  }
  const skipped = (): number => {
    let count = 0
    while (!pace.mayBlock() && count < 2000) count++
    return count
  }
  const counts: number[] = []
  await took(5)
  assert.equal(skipped(), 0, 'one slow read may have another reason')
  for (let i = 0; i < 10; i++) {
    await took(5)
    counts.push(skipped())
  }
  assert.deepEqual(counts, [4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024])
  for (let i = 0; i < 10; i++) await took(0.01)
  for (let i = 0; i < 2; i++) await took(5)
  assert.equal(skipped(), 4, 'fast reads make it try again')
})
