import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  isShardyfusionError,
  MemoryStore,
  slatedb,
  SnapshotReader,
  writeSnapshot,
} from '@shardyfusion/core'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { MemoryTrend } from '@shardyfusion/test-support/memory-trend'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'

// Damages every object of a small snapshot, a bit or a length at a time, and reads all of it: every answer is right or
// an error. Many more than by default with SHARDYFUSION_SOAK=1, for as long as this takes:
const SOAK_MS = soak(0, 30_000)
/** Rounds in the short form, and at least in the long one. */
const ROUNDS = 12
/** Flips of each object in a round, and lengths it is cut to. */
const FLIPS = 5
const CUTS = 1
const SEED = Number(process.env['SHARDYFUSION_SEED'] ?? 1)
const PREFIX = 'memory://place/prices'
const MIB = 1024 * 1024

interface Published {
  readonly objects: MemoryStore
  readonly rows: readonly (readonly [string, string])[]
  readonly stored: readonly (readonly [url: string, bytes: Uint8Array])[]
}

/** Two shards with two tables each, of blocks enough to have an index worth the name. */
async function published(compression: 'zstd' | undefined): Promise<Published> {
  const objects = new MemoryStore()
  const rows = Array.from({ length: 120 }, (_, i): [string, string] => [
    `key-${String((i * 37) % 120).padStart(4, '0')}`,
    `value ${i} ${'x'.repeat(i % 50)}`,
  ])
  await writeSnapshot(rows, {
    prefix: PREFIX,
    objects,
    engine: slatedb({ runtime: 'wasm', settings: { compression } }),
    sharding: { shards: 2 },
    keyEncoding: 'utf8',
    values: 'utf8',
  })
  const stored: [string, Uint8Array][] = []
  for (const url of await urlsOf(objects)) stored.push([url, (await objects.get(url))!])
  return { objects, rows, stored: stored.filter(([url]) => !/\/runs\//.test(url)) }
}

async function urlsOf(objects: ObjectStore): Promise<string[]> {
  const urls: string[] = []
  for await (const { url } of objects.list(PREFIX)) urls.push(url)
  return urls
}

type Outcome = 'right' | 'error' | 'wrong' | 'stopped'

/** Reads everything in every way: `wrong` if a row is missing or different and no call failed for it. */
async function readAll({ objects, rows }: Published): Promise<Outcome> {
  let outcome: Outcome = 'right'
  const failed = (error: unknown): void => {
    assert.ok(isShardyfusionError(error), String(error))
    const isStop = error.details['stopped'] === true
    outcome = isStop ? 'stopped' : outcome === 'right' ? 'error' : outcome
  }
  const wrong = (): void => {
    outcome = 'wrong'
  }
  let reader: SnapshotReader<string, 'decoded'>
  try {
    reader = await SnapshotReader.open({
      prefix: PREFIX,
      objects,
      engine: slatedb({ runtime: 'wasm' }),
      values: 'utf8',
      keys: 'decoded',
      valueCacheBytes: 0,
    })
  } catch (error) {
    failed(error)
    return outcome
  }
  try {
    for (const [key, value] of rows.slice(0, 24)) {
      await reader.get(key).then((got) => got !== value && wrong(), failed)
    }
    const keys = rows.map(([key]) => key)
    await reader.getMany(keys).then((got) => {
      if (got.some((value, i) => value !== rows[i]![1])) wrong()
    }, failed)
    const sorted = rows.toSorted(([a], [b]) => (a < b ? -1 : 1))
    for (const reverse of [false, true]) {
      try {
        const got: (readonly [unknown, string])[] = []
        for await (const entry of reader.scanIter({}, { reverse })) got.push(entry)
        const wanted = reverse ? sorted.toReversed() : sorted
        if (JSON.stringify(got) !== JSON.stringify(wanted)) wrong()
      } catch (error) {
        failed(error)
      }
    }
  } finally {
    await reader.close()
  }
  return outcome
}

interface Damage {
  readonly what: string
  readonly url: string
  readonly bytes: Uint8Array
}

/** Truncations and single-bit flips of an object for a round, chosen by the seed. */
function* damages(
  url: string,
  bytes: Uint8Array,
  random: () => number,
  round: number,
): Generator<Damage> {
  for (let i = 0; i < CUTS; i++) {
    const length = round < 2 ? round * (bytes.length - 1) : Math.floor(random() * bytes.length)
    yield { what: `cut to ${length}`, url, bytes: bytes.slice(0, length) }
  }
  for (let i = 0; i < FLIPS; i++) {
    const bit = Math.floor(random() * bytes.length * 8)
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    yield { what: `bit ${bit & 7} of byte ${bit >> 3} flipped`, url, bytes: flipped }
  }
}

async function damageAll(t: TestContext, snapshot: Published): Promise<void> {
  const random = seededRandom(SEED)
  assert.equal(await readAll(snapshot), 'right')
  const counts = { right: 0, error: 0, wrong: 0, stopped: 0 }
  const wrong: string[] = []
  const deadline = performance.now() + SOAK_MS / 2
  const memory = new MemoryTrend()
  let round = 0
  do {
    for (const [url, bytes] of snapshot.stored) {
      for (const damage of damages(url, bytes, random, round)) {
        await snapshot.objects.put(url, damage.bytes)
        const outcome = await readAll(snapshot)
        counts[outcome]++
        if (outcome === 'wrong' || outcome === 'stopped')
          wrong.push(`${url.slice(PREFIX.length)}: ${damage.what}: ${outcome}`)
      }
      await snapshot.objects.put(url, bytes)
    }
    await memory.read()
  } while (++round < ROUNDS || performance.now() < deadline)
  t.diagnostic(JSON.stringify(counts))
  assert.deepEqual(wrong, [], `seed ${SEED}`)
  assert.ok(counts.error > 0 && counts.right > 0, JSON.stringify(counts))
  memory.assertNoGrowth({ heap: MIB / 2, resident: 16 * MIB })
  assert.equal(await readAll(snapshot), 'right')
}

for (const compression of [undefined, 'zstd'] as const) {
  test(`damage of a snapshot${compression === undefined ? '' : ' that is compressed'}: every answer is right or an error`, async (t) => {
    await damageAll(t, await published(compression))
  })
}
