import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Key,
  MemoryStore,
  SnapshotReader,
  SnapshotUpdater,
  sqlite,
  writeSnapshot,
} from '@shardyfusion/core'
import { type EngineChoice, packEntries } from '@shardyfusion/core/extend'
import { cleanupSnapshots, rollbackSnapshot, verifySnapshot } from '@shardyfusion/core/maintain'
import { encodeKey } from '#dist/keys/stored-bytes.js'
import { objectEngine } from '../support/object-engine.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'

/** Programs; 1,000 with SHARDYFUSION_SOAK=1. */
const PROGRAMS = soak(60, 1000)
const SEED = Number(process.env['SHARDYFUSION_PROGRAM_SEED'] ?? 1)

type Model = Map<Key, string>

test(`${PROGRAMS} random programs of updates agree with a map`, { timeout: 600_000 }, async (t) => {
  let updates = 0
  for (let program = 0; program < PROGRAMS; program++) {
    const seed = SEED * 100_000 + program
    try {
      updates += await runProgram(seed, program)
    } catch (error) {
      throw new Error(`program ${program}, seed ${seed}`, { cause: error })
    }
  }
  t.diagnostic(`${updates} updates`)
})

async function runProgram(seed: number, program: number): Promise<number> {
  const random = seededRandom(seed)
  const upTo = (n: number): number => Math.floor(random() * n)
  // Most with an engine that costs nothing, and some with the real ones.
  const engine: EngineChoice =
    program % 10 === 3 ? sqlite() : program % 10 === 7 ? 'wasm' : objectEngine()
  const at = { prefix: `memory://programs/${seed}`, objects: new MemoryStore() }
  const place = { ...at, engine }
  const isText = random() < 0.4
  const shards = 1 + upTo(5)
  const range = 1 + upTo(random() < 0.3 ? 5 : 120)
  const keyOf = (n: number): Key => (isText ? `k${n % 7 === 0 ? 'é' : ''}${n}` : BigInt(n))
  const keyEncoding = isText ? 'utf8' : random() < 0.5 ? 'u64be' : 'u32be'
  const isCel = !isText && random() < 0.3
  const sharding = isCel
    ? { cel: `key % ${shards}`, columns: { key: 'int' as const }, shards }
    : { shards }

  let model: Model = new Map()
  for (let i = upTo(80); i > 0; i--) model.set(keyOf(upTo(range)), `base ${upTo(1000)}`)
  const first = await writeSnapshot(model, { ...place, keyEncoding, sharding, values: 'utf8' })
  const history: [runId: string, model: Model][] = [[first.runId, model]]

  const steps = 1 + upTo(6)
  for (let step = 0; step < steps; step++) {
    const next: Model = new Map(model)
    await using updater = await SnapshotUpdater.open({
      ...place,
      values: 'utf8',
      maxBufferedBytes: random() < 0.3 ? 200 : undefined,
      concurrency: 1 + upTo(3),
      ...(random() < 0.5 && { expectedCurrent: history.at(-1)![0] }),
    })
    for (let i = upTo(random() < 0.2 ? 600 : 30); i > 0; i--) {
      const key = keyOf(upTo(range))
      const value = `${step} ${'x'.repeat(upTo(20))} ${upTo(1000)}`
      const stored = () => encodeKey(key, keyEncoding, 'test').slice()
      switch (upTo(6)) {
        case 0:
        case 1:
          next.delete(key)
          await updater.delete(key)
          break
        case 2:
          next.set(key, value)
          await updater.putChunk(packEntries([[stored(), Buffer.from(value)]]))
          break
        case 3:
          next.delete(key)
          await updater.deleteChunk(packEntries([[stored(), new Uint8Array(0)]]))
          break
        default:
          next.set(key, value)
          await updater.put(key, value)
      }
    }
    const { rowCount, runId } = await updater.publish()
    assert.equal(rowCount, next.size)
    model = next
    history.push([runId, model])
    await assertSame(at, engine, model)
    if (random() < 0.2) await cleanupSnapshots({ ...at, keepLast: 1 + upTo(2), graceMs: 0 })
    if (random() < 0.15) {
      // Back to the run before, if a cleanup has left it.
      const back = history.at(-2)!
      const moved = await rollbackSnapshot({ ...at, runId: back[0] }).catch(() => undefined)
      if (moved === undefined) continue
      model = back[1]
      history.push(back)
      await assertSame(at, engine, model)
    }
  }
  const { ok, findings } = await verifySnapshot(place)
  assert.ok(ok, JSON.stringify(findings))
  return steps
}

async function assertSame(
  at: { prefix: string; objects: MemoryStore },
  engine: EngineChoice,
  model: Model,
): Promise<void> {
  await using reader = await SnapshotReader.open({ ...at, engine, keys: 'decoded', values: 'utf8' })
  const found: Model = new Map()
  for await (const [key, value] of reader.scanIter()) found.set(key as Key, value)
  assert.deepEqual(found, model)
  const keys = [...model.keys()].slice(0, 20)
  assert.deepEqual(await reader.getMany(keys), [...model.values()].slice(0, 20))
}
