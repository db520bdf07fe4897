import assert from 'node:assert/strict'
import { SnapshotReader, SnapshotWriter } from '@shardyfusion/core'
import { type ShardEngine, wrapEngine } from '@shardyfusion/core/extend'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { nearest, randomRows } from './vector-samples.js'

/** An engine with keys and vectors for the suite of builds. */
export interface VectorBuildConformanceHarness {
  /** Registers one test, such as `test` of node:test. */
  readonly test: (name: string, body: () => Promise<void>) => unknown
  /** The engine to test; it has an origin, so that worker threads make it again. */
  readonly engine: ShardEngine
  /** Returns a prefix below which nothing is published yet, in a store that threads share. */
  readonly newPrefix: () => string | Promise<string>
}

const COUNT = 1500
const DIMENSIONS = 8
const TOP_K = 15

/** Registers the tests of builds with an engine of keys and vectors: by workers, after failures, and resumed. */
export function runVectorBuildConformance(harness: VectorBuildConformanceHarness): void {
  const { engine } = harness
  const rows = randomRows(COUNT, DIMENSIONS, 21)
  const query = randomRows(1, DIMENSIONS, 22)[0]!.vector
  const vector = { dimensions: DIMENSIONS }
  const check = (name: string, body: (prefix: string) => Promise<void>): void => {
    harness.test(`builds of ${engine.name}: ${name}`, async () => body(await harness.newPrefix()))
  }

  async function fill(writer: SnapshotWriter, changed?: number): Promise<void> {
    for (const [key, { vector: given, payload }] of rows.entries()) {
      const values = given.slice()
      if (key === changed) values[0]! += 1
      await writer.put(key, new Uint8Array(4), undefined, { vector: values, payload })
    }
  }

  async function requireAll(prefix: string): Promise<void> {
    await using reader = await SnapshotReader.open({ prefix })
    const { results } = await reader.search(query, { topK: TOP_K })
    const want = nearest(rows, query, 'cosine', TOP_K).map(({ row }) => row)
    assert.deepEqual(
      results.map(({ id, payload }) => [BigInt(id), payload ?? undefined]),
      want.map(({ id, payload }) => [id, payload]),
    )
    assert.equal((await reader.get(7))!.length, 4)
    const { findings } = await verifySnapshot({ prefix })
    assert.deepEqual(findings, [])
  }

  check('workers write vectors', async (prefix) => {
    const options = { prefix, sharding: { shards: 3 }, workers: 2, engine, vector }
    await using writer = await SnapshotWriter.open(options)
    await fill(writer)
    await writer.publish()
    await requireAll(prefix)
  })

  check('a failed shard is written again with its vectors', async (prefix) => {
    const retry = { maxRetries: 3, initialBackoffMs: 1 }
    await using writer = await SnapshotWriter.open({
      prefix,
      sharding: { shards: 2 },
      engine: failingTwice(engine),
      retry,
      vector,
    })
    await fill(writer)
    const { attempts } = await writer.publish()
    assert.ok(attempts > 2)
    await requireAll(prefix)
  })

  check(
    'a resumed build takes over sealed shards if their vectors are the same',
    async (prefix) => {
      const run = { runId: 'run-1', resume: true }
      const options = { prefix, sharding: { shards: 2 }, engine, vector, ...run }
      const first = await SnapshotWriter.open(options)
      await fill(first)
      await first.publish()
      await first.close()
      await using again = await SnapshotWriter.open(options)
      await fill(again)
      const { shardsResumed } = await again.publish()
      assert.equal(shardsResumed, 2)
      await requireAll(prefix)
      await using other = await SnapshotWriter.open(options)
      await fill(other, 1200)
      await assert.rejects(other.publish(), {
        code: 'SHARD_INVALID_OPTION',
        message: /as many with other content/,
      })
    },
  )
}

/** The engine, whose first two writers take no vectors. */
function failingTwice(inner: ShardEngine): ShardEngine {
  let failures = 2
  return wrapEngine(inner, {
    openWriter: async (o) => {
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
}
