import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SnapshotReader, SnapshotWriter } from '@shardyfusion/core'
import { type EngineWriter, wrapEngine } from '@shardyfusion/core/extend'
import { sqliteVec } from '@shardyfusion/vector'
import { bruteForce, gaussians } from '../support/vectors.js'

const COUNT = 2500
const DIMENSIONS = 8
const vectors = gaussians(COUNT, DIMENSIONS, 21)

async function fill(writer: SnapshotWriter, changed?: number): Promise<void> {
  for (let id = 0; id < COUNT; id++) {
    const own = vectors.slice(id * DIMENSIONS, (id + 1) * DIMENSIONS)
    if (id === changed) own[0]! += 1
    await writer.put(id, new Uint8Array(4), undefined, { vector: own, payload: { id } })
  }
}

async function check(prefix: string): Promise<void> {
  await using reader = await SnapshotReader.open({ prefix })
  const query = gaussians(1, DIMENSIONS, 22)
  const { results } = await reader.search(query, { topK: 15 })
  const want = bruteForce('cosine', vectors, query, 15)
  assert.deepEqual(
    results.map(({ id }) => Number(id)),
    want.map(({ row }) => row),
  )
  assert.deepEqual(results[0]!.payload, { id: want[0]!.row })
  assert.equal((await reader.get(7))!.length, 4)
}

test('workers write vectors', async (t) => {
  const prefix = await place(t)
  await using writer = await SnapshotWriter.open({
    prefix,
    sharding: { shards: 3 },
    workers: 2,
    engine: sqliteVec(),
    vector: { dimensions: DIMENSIONS },
  })
  await fill(writer)
  await writer.publish()
  await check(prefix)
})

test('a failed shard is written again with its vectors', async (t) => {
  const prefix = await place(t)
  let failures = 2
  const inner = sqliteVec()
  const engine = wrapEngine(inner, {
    openWriter: async (o): Promise<EngineWriter> => {
      const writer = await inner.openWriter(o)
      const fails = failures-- > 0
      return {
        write: (chunk) => writer.write(chunk),
        writeVectors: (chunk) =>
          fails ? Promise.reject(new Error('no')) : writer.writeVectors!(chunk),
        flush: () => writer.flush(),
        seal: () => writer.seal(),
        bytes: () => writer.bytes(),
        close: () => writer.close(),
      }
    },
  })
  await using writer = await SnapshotWriter.open({
    prefix,
    sharding: { shards: 2 },
    engine,
    retry: { maxRetries: 3, initialBackoffMs: 1 },
    vector: { dimensions: DIMENSIONS },
  })
  await fill(writer)
  const { attempts } = await writer.publish()
  assert.ok(attempts > 2)
  await check(prefix)
})

test('a resumed build takes over sealed shards if their vectors are the same', async (t) => {
  const prefix = await place(t)
  const options = {
    prefix,
    sharding: { shards: 2 },
    engine: sqliteVec(),
    runId: 'run-1',
    resume: true,
    vector: { dimensions: DIMENSIONS },
  }
  const first = await SnapshotWriter.open(options)
  await fill(first)
  const seals = first.publish()
  await seals
  await first.close()
  await using again = await SnapshotWriter.open(options)
  await fill(again)
  const { shardsResumed } = await again.publish()
  assert.equal(shardsResumed, 2)
  await check(prefix)
  await using other = await SnapshotWriter.open(options)
  await fill(other, 1200)
  await assert.rejects(other.publish(), {
    code: 'SHARD_INVALID_OPTION',
    message: /as many with other content/,
  })
})

async function place(t: { after(work: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shardyfusion-vectors-'))
  t.after(() => rm(folder, { recursive: true }))
  return pathToFileURL(join(folder, 'snapshots')).href
}
