import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MemoryStore } from '@shardyfusion/core'
import { interceptStore } from '@shardyfusion/core/testing'
import { lancedb } from '@shardyfusion/lancedb'
import { VectorReader, writeVectors } from '@shardyfusion/vector'
import { nearest, vectorsOf } from './support/vectors.js'

const DIMENSIONS = 8
const SHARDS = 4
const COUNT = 4000

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shardyfusion-bound-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

async function built() {
  const objects = new MemoryStore()
  const prefix = 'memory://bound/x'
  const vectors = vectorsOf(COUNT, DIMENSIONS, 3)
  await writeVectors(
    vectors.map((vector, id) => ({ id, vector })),
    {
      prefix,
      objects,
      dimensions: DIMENSIONS,
      metric: 'l2',
      sharding: { explicit: SHARDS },
      shard: ({ id }) => id % SHARDS,
      engine: lancedb(),
    },
  )
  const bytes = Array.from({ length: SHARDS }, () => 0)
  for await (const { url, bytes: own } of objects.list(`${prefix}/shards`)) {
    const shard = Number(/db=(\d+)/.exec(url)![1])
    if (!url.includes('/_transactions/')) bytes[shard]! += own
  }
  return { objects, prefix, vectors, bytes }
}

test('copies of shards stay within temporaryBytes: the least recently searched leave the disk', async (t) => {
  const temporaryFolder = await folderOf(t)
  const { objects, prefix, vectors, bytes } = await built()
  const temporaryBytes = Math.max(...bytes) * 2
  const most = { copies: 0 }
  const counting = interceptStore(objects, {
    before: async () => {
      most.copies = Math.max(most.copies, (await readdir(temporaryFolder)).length)
    },
  })
  const engine = lancedb({ temporaryFolder, temporaryBytes })
  const reader = await VectorReader.open({ prefix, objects: counting, engine })
  const right = (query: Float32Array): string[] =>
    nearest('l2', vectors, query, 10).map(({ row }) => String(row))
  const find = async (query: Float32Array): Promise<string[]> => {
    const { results } = await reader.search(query, { shards: [0, 1, 2, 3] })
    return results.map(({ id }) => String(id))
  }
  for (const query of vectors.slice(0, 3)) assert.deepEqual(await find(query), right(query))
  // Many at a time need all shards at once, and wait for each other.
  const found = await Promise.all(vectors.slice(3, 9).map(find))
  assert.deepEqual(found, vectors.slice(3, 9).map(right))
  assert.ok(most.copies >= 1 && most.copies <= 2, `${most.copies} copies at a time`)
  await reader.close()
  assert.deepEqual(await readdir(temporaryFolder), [])
})

test('a shard that is larger than temporaryBytes is refused, with the bytes it needs', async (t) => {
  const temporaryFolder = await folderOf(t)
  const { objects, prefix, vectors } = await built()
  const engine = lancedb({ temporaryFolder, temporaryBytes: 1000 })
  await using reader = await VectorReader.open({ prefix, objects, engine })
  await assert.rejects(reader.search(vectors[0]!, { shards: [2] }), {
    code: 'SHARD_INVALID_OPTION',
    message: /temporaryBytes must be at least \d{5}, the bytes of the shard .*db=00002.*, got 1000/,
  })
  assert.deepEqual(await readdir(temporaryFolder), [])
})

test('folders of processes that crashed are removed; those of running ones stay', async (t) => {
  const temporaryFolder = await folderOf(t)
  const host = hostname().replace(/[^\w]/g, '_').slice(0, 64)
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  const crashed = `shardyfusion-lancedb-${host}-${pid}-aaaaaa`
  const others = [
    `shardyfusion-lancedb-${host}-${process.ppid}-bbbbbb`,
    `shardyfusion-lancedb-${host}-${process.pid}-cccccc`,
    `shardyfusion-lancedb-other-host-${pid}-dddddd`,
    'data of somebody',
  ]
  for (const name of [crashed, ...others]) await mkdir(join(temporaryFolder, name))
  await utimes(join(temporaryFolder, others[0]!), 1, 1)
  const { objects, prefix, vectors } = await built()
  const engine = lancedb({ temporaryFolder })
  const reader = await VectorReader.open({ prefix, objects, engine })
  await reader.search(vectors[0]!, { shards: [0] })
  await reader.close()
  assert.deepEqual((await readdir(temporaryFolder)).sort(), others.sort())
})

for (const work of ['read', 'write'] as const) {
  test(
    `a full disk is named, and nothing is left behind (${work})`,
    { skip: process.platform === 'win32' && 'needs ulimit' },
    async (t) => {
      const temporaryFolder = await folderOf(t)
      // A file may have 2 KiB: the next write fails as on a full disk.
      const child = fileURLToPath(new URL('./support/full-disk-child.js', import.meta.url))
      const { stdout, stderr } = spawnSync(
        'sh',
        ['-c', 'ulimit -f 4; exec "$0" "$@"', process.execPath, child, work, temporaryFolder],
        { encoding: 'utf8' },
      )
      assert.match(
        stdout,
        /^SHARD_ENGINE: lancedb: the disk of \S+ has no room for the files of /,
        stderr,
      )
      assert.match(stdout, /left: \n$/)
      assert.deepEqual(await readdir(temporaryFolder), [])
    },
  )
}
