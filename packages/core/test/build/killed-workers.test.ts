import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  FileStore,
  isShardyfusionError,
  slatedb,
  type SnapshotWriterOptions,
  writeSnapshot,
} from '@shardyfusion/core'
import { type ShardEngine, wrapEngine } from '@shardyfusion/core/extend'
import { objectEngine } from '../support/object-engine.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { tempFolder, tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { soak } from '@shardyfusion/test-support/soak'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { contents } from './support/contents.js'

trapUnhandledRejections()

const MODULE = new URL('./support/worker-module.js', import.meta.url).href
const BUILDS = soak(6, 12)
const ROWS = 4000

/** An engine that workers make from the test's module, to do what the query says. */
function fromModule(query: string, inner: ShardEngine = objectEngine()): ShardEngine {
  return wrapEngine(inner, { origin: { module: `${MODULE}?${query}`, export: 'engine' } })
}

function* rows(mark: string): Generator<[number, string]> {
  for (let i = 0; i < ROWS; i++) yield [i % 11 === 7 ? i - 5 : i, `${mark} ${i}`]
}

function build(prefix: string, mark: string, options: Partial<SnapshotWriterOptions> = {}) {
  return writeSnapshot(rows(mark), {
    prefix,
    sharding: { shards: 4 },
    maxBatchEntries: 50,
    ...options,
    values: 'utf8',
  })
}

test('retry: shards of a worker that died are written again by a new one, from what was kept on disk', async () => {
  const expected = tempPrefix()
  await build(expected, 'new')
  const prefix = tempPrefix()
  let retried = 0
  const published = await build(prefix, 'new', {
    workers: 2,
    engine: fromModule(`exitAfter=25&once=${encodeURIComponent(join(tempFolder(), 'died'))}`),
    retry: { maxRetries: 1, initialBackoffMs: 1 },
    onWarning: () => retried++,
  })
  // All shards the worker had, and no others.
  assert.equal(retried, 2)
  assert.equal(published.attempts, 6)
  assert.equal(published.losersRemoved, 2)
  assert.deepEqual(await contents(prefix, objectEngine()), await contents(expected))
})

for (const engine of ['object', 'slatedb'] as const) {
  test(`killing workers at random messages never publishes a wrong snapshot (${engine})`, async (t) => {
    const reading = engine === 'object' ? objectEngine() : undefined
    const prefix = tempPrefix()
    const around = engine === 'object' ? { engine: objectEngine(), objects: new FileStore() } : {}
    await build(prefix, 'build -1', around)
    let current = await contents(prefix, reading)
    const wanted = async (mark: string): Promise<string[][]> => {
      const place = tempPrefix()
      const own = { engine: objectEngine() }
      await build(place, mark, own)
      return contents(place, own.engine)
    }
    let published = 0
    let died = 0
    // A worker is sent 40 batches and more, so that every build loses one.
    const random = seededRandom(engine === 'object' ? 1 : 2)
    for (let i = 0; i < BUILDS; i++) {
      try {
        await build(prefix, `build ${i}`, {
          ...around,
          workers: 2,
          engine: dying(1 + Math.floor(random() * 30), 1 + (i % 3), engine),
          onWarning: () => died++,
          // Every other build has to do without.
          ...(i % 2 === 0 && {
            retry: { maxRetries: 6, initialBackoffMs: 1, backoffMultiplier: 1 },
          }),
        })
        published++
        current = await wanted(`build ${i}`)
      } catch (error) {
        assert.ok(isShardyfusionError(error), String(error))
        assert.ok(
          error.details['workerDied'] === true || error.details['attempts'] !== undefined,
          error.message,
        )
        died++
      }
      assert.deepEqual(await contents(prefix, reading), current, `after build ${i}`)
    }
    t.diagnostic(`${published} of ${BUILDS} were published, workers died ${died} times`)
    assert.equal(published, BUILDS / 2, 'those that may write shards again')
    assert.ok(died >= BUILDS, `workers died ${died} times`)
  })
}

/** An engine whose threads die at this message, until so many have died. */
function dying(message: number, deaths: number, engine: 'object' | 'slatedb'): ShardEngine {
  const query = new URLSearchParams({
    dieAtMessage: String(message),
    deaths: String(deaths),
    once: join(tempFolder(), 'died'),
    ...(engine === 'slatedb' && { slatedb: '' }),
  })
  return fromModule(String(query), engine === 'slatedb' ? slatedb() : objectEngine())
}
