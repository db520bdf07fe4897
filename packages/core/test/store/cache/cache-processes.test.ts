import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import type { CacheStats } from '@shardyfusion/core/extend'
import { startFaultProxy } from '../../support/fault-proxy.js'
import { withS3Server } from '../../support/s3-server.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { soak } from '@shardyfusion/test-support/soak'
import { KEYS, valueOf } from './cache-child.js'
import { cacheFiles, cacheFolder } from './support.js'

const CHILD = fileURLToPath(new URL('cache-child.js', import.meta.url))
const ROUNDS = soak(4, 12)

function startReader(t: TestContext, prefix: string, folder: string, rounds: number) {
  const child = spawn(process.execPath, [CHILD, prefix, folder, String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    exited,
    async stats(): Promise<CacheStats | undefined> {
      const { value, done } = await lines.next()
      return done === true ? undefined : (JSON.parse(value as string) as CacheStats)
    },
  }
}

async function snapshot(): Promise<string> {
  const prefix = tempPrefix()
  const rows = Array.from({ length: KEYS }, (_, i) => [i, valueOf(i)] as const)
  await writeSnapshot(rows, { prefix, sharding: { shards: 2 }, values: 'utf8' })
  return prefix
}

test('cache: processes on one folder read right values, evict and share', async (t) => {
  const [prefix, folder] = [await snapshot(), cacheFolder()]
  const readers = [1, 2, 3].map(() => startReader(t, prefix, folder, ROUNDS))
  let hits = 0
  for (const { stats, exited } of readers) {
    for (let round = 0; round < ROUNDS; round++) {
      const seen = await stats()
      assert.equal(seen?.problem, undefined)
      assert.equal(seen?.damaged, 0)
      hits += seen?.hits ?? 0
    }
    assert.deepEqual(await exited, [0, null])
  }
  assert.ok(hits > 0)
})

test('cache: a reader killed at any time leaves files that give right values', async (t) => {
  const [prefix, folder] = [await snapshot(), cacheFolder()]
  for (let round = 0; round < ROUNDS; round++) {
    const reader = startReader(t, prefix, folder, 1000)
    await reader.stats()
    for (let look = 0; look < round; look++) await reader.stats()
    reader.child.kill('SIGKILL')
    await reader.exited
  }
  const last = startReader(t, prefix, folder, 2)
  for (let round = 0; round < 2; round++) assert.equal((await last.stats())?.damaged, 0)
  assert.deepEqual(await last.exited, [0, null])
  for (const path of cacheFiles(folder)) assert.ok(statSync(path).size > 16)
})

await withS3Server('cache', ({ bucket, s3, endpoint }) => {
  test('cache: a second reader of an S3 snapshot makes no request for blocks', async (t) => {
    const proxy = await startFaultProxy(endpoint)
    t.after(() => proxy.stop())
    const prefix = `s3://${bucket}/${randomUUID()}`
    const rows = Array.from({ length: KEYS }, (_, i) => [i, valueOf(i)] as const)
    await writeSnapshot(rows, { prefix, s3, sharding: { shards: 3 }, values: 'utf8' })
    const cache = { folder: cacheFolder() }
    const blocks: number[] = []
    for (let process = 0; process < 2; process++) {
      const from = proxy.seen.length
      const through = { ...s3, endpoint: proxy.endpoint }
      const reader = await SnapshotReader.open({
        prefix,
        s3: through,
        cache,
        values: 'utf8',
        valueCacheBytes: 0,
      })
      for (let i = 0; i < KEYS; i += 199) {
        assert.equal(await reader.get(i), valueOf(i))
      }
      let count = 0
      for await (const _ of reader.scanIter()) count++
      assert.equal(count, KEYS)
      await reader.close()
      const seen = proxy.seen.slice(from)
      const shardReads = seen.filter(
        ({ method, url }) => method !== 'POST' && /attempt=/.test(decodeURIComponent(url)),
      )
      blocks.push(shardReads.filter(({ url }) => !url.includes('list-type')).length)
    }
    assert.ok(blocks[0]! > 0)
    assert.equal(blocks[1], 0)
  })
})
