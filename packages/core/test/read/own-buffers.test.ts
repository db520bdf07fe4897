import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Entry,
  MemoryStore,
  ShardReader,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
} from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import { planSnapshot, publishSnapshot, writeShardAttempt } from '@shardyfusion/core/tasks'
import * as fc from 'fast-check'
import { type Place, memoryPlace } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

/** Buffers lent to calls, every one of them overwritten as soon as the call has returned. */
class Lent {
  readonly #isBuffer: () => boolean
  readonly #lent: Uint8Array[] = []

  /** A `Buffer` is a `Uint8Array` whose `slice()` copies nothing. */
  constructor(isBuffer: () => boolean) {
    this.#isBuffer = isBuffer
  }

  bytes(bytes: Uint8Array): Uint8Array {
    const lent = this.#isBuffer() ? Buffer.from(bytes) : new Uint8Array(bytes)
    this.#lent.push(lent)
    return lent
  }

  chunk(entries: readonly Entry[]) {
    const chunk = packEntries(entries)
    this.#lent.push(new Uint8Array(chunk.buffer))
    return chunk
  }

  /** Makes a call and takes the buffers back before anything is awaited. */
  async during<T>(call: () => T): Promise<Awaited<T>> {
    const result = call()
    this.takeBack()
    return await result
  }

  takeBack(): void {
    for (const bytes of this.#lent.splice(0)) bytes.fill(0xee)
  }
}

const byteString = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 })
// Longer than what is copied byte by byte.
const key = fc.oneof(
  byteString,
  byteString.map((end) => new Uint8Array([...new Uint8Array(40).fill(2), ...end])),
)
const rows = fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 8 })), {
  minLength: 1,
  maxLength: 40,
})
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const sorted = (entries: Iterable<Entry>): string[] =>
  [...entries].map(([k, v]) => `${text(k)} ${text(v)}`).toSorted()

async function collected(scan: AsyncIterable<Entry>): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const entry of scan) entries.push(entry)
  return entries
}

interface World {
  readonly rows: Entry[]
  readonly shards: number
  readonly sharded: 'hash' | 'key' | 'context'
  readonly chunked: boolean
  readonly isBuffer: boolean
  readonly valueCacheBytes: number
  readonly limited: boolean
}

const world: fc.Arbitrary<World> = fc.record({
  rows: rows as fc.Arbitrary<Entry[]>,
  shards: fc.integer({ min: 1, max: 4 }),
  sharded: fc.constantFrom('hash', 'key', 'context'),
  chunked: fc.boolean(),
  isBuffer: fc.boolean(),
  valueCacheBytes: fc.constantFrom(0, 1 << 20),
  limited: fc.boolean(),
})

function shardingOf({ sharded, shards }: World) {
  if (sharded === 'hash') return { shards }
  const column = sharded === 'key' ? 'key' : 'region'
  return {
    cel: `shard_hash(${column}) % ${shards}u`,
    columns: { [column]: 'bytes' },
    shards,
  } as const
}

async function holds(w: World, place: Pick<Place, 'prefix'> & Partial<Place>): Promise<void> {
  const lent = new Lent(() => w.isBuffer)
  const { sharded } = w
  // All rows of a context go to one shard; one region for all is enough here.
  const context = () =>
    sharded === 'context' ? { region: lent.bytes(Uint8Array.of(7)) } : undefined
  const writer = await SnapshotWriter.open({
    ...place,
    sharding: shardingOf(w),
    keyEncoding: 'raw',
    maxBatchEntries: 3,
    maxBufferedBytes: 16,
  })
  if (w.chunked && sharded !== 'context') {
    await lent.during(() => writer.putChunk(lent.chunk(w.rows)))
  } else {
    for (const [k, v] of w.rows)
      await lent.during(() => writer.put(lent.bytes(k), lent.bytes(v), context()))
  }
  await writer.publish()

  const model = new Map(w.rows.map(([k, v]) => [text(k), v]))
  const all = [...model].map(([k, v]): Entry => [new Uint8Array(Buffer.from(k, 'hex')), v])
  const reader = await SnapshotReader.open({
    ...place,
    valueCacheBytes: w.valueCacheBytes,
    // Far more than is asked for, but every call has to take its turn.
    ...(w.limited && { rateLimit: { keysPerSecond: 1e6 } }),
  })
  try {
    // Twice: what the first round has put into the cache is what the second one finds.
    for (let round = 0; round < 2; round++) {
      const gets = all.map(([k]) =>
        lent.during(() => reader.get(lent.bytes(k), { context: context() })),
      )
      assert.deepEqual(
        (await Promise.all(gets)).map((v) => v && text(v)),
        all.map(([, v]) => text(v)),
      )
      const asked = all.map(([k]) => lent.bytes(k))
      const found = await lent.during(() => {
        const call = reader.getMany(asked, { context: context() })
        // The list is the caller's, too.
        asked.fill(Uint8Array.of(0xee))
        return call
      })
      assert.deepEqual(
        found.map((v) => v && text(v)),
        all.map(([, v]) => text(v)),
      )
      for (const [bound] of all.slice(0, 4)) {
        const from = (k: Uint8Array): boolean => Buffer.compare(k, bound) >= 0
        for (const [range, within] of [
          [() => ({ start: lent.bytes(bound) }), from],
          [() => ({ end: lent.bytes(bound) }), (k: Uint8Array) => !from(k)],
          [
            () => ({ prefix: lent.bytes(bound) }),
            (k: Uint8Array) => text(k).startsWith(text(bound)),
          ],
        ] as const) {
          const given = range()
          const before = JSON.stringify(given)
          const scan = reader.scanIter(given, { chunkSize: 2 })
          assert.equal(JSON.stringify(given), before, 'a scan must not change its bounds')
          lent.takeBack()
          const entries: Entry[] = []
          for await (const [k, v] of scan) {
            entries.push([new Uint8Array(k), new Uint8Array(v)])
            // What a scan gives belongs to the caller.
            k.fill(0xdd)
            v.fill(0xdd)
          }
          assert.deepEqual(sorted(entries), sorted(all.filter(([k]) => within(k))))
        }
      }
    }
  } finally {
    await reader.close()
  }
}

test('no buffer of the caller is looked at after its call has returned', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(world, (w) =>
      holds(w, {
        prefix: `memory://own/${run++}`,
        objects: new MemoryStore(),
        engine: objectEngine(),
      }),
    ),
    { numRuns: 150 },
  )
})

test('the same on SlateDB', async () => {
  const root = tempPrefix()
  let run = 0
  await fc.assert(
    fc.asyncProperty(world, (w) => holds(w, { prefix: `${root}/${run++}` })),
    { numRuns: 12 },
  )
})

test('the smallest and the largest key of a shard are those that were put, in a Buffer that is reused', async () => {
  const place = memoryPlace()
  const writer = await SnapshotWriter.open({
    ...place,
    sharding: { shards: 1 },
    keyEncoding: 'utf8',
  })
  const buffer = Buffer.alloc(3)
  for (const name of ['bob', 'ann', 'cid', 'bea']) {
    buffer.write(name)
    await writer.put(buffer, buffer)
  }
  const { shards } = await writer.publish()
  assert.deepEqual([shards[0]!.minKey, shards[0]!.maxKey], ['ann', 'cid'])
})

test('ShardWriter and ShardReader: keys, values, chunks and bounds may be reused', async () => {
  for (const isBuffer of [false, true]) {
    const { objects, engine } = memoryPlace()
    const lent = new Lent(() => isBuffer)
    const url = 'memory://own/shard'
    const entries = Array.from({ length: 30 }, (_, i): Entry => [
      Uint8Array.of(1, i),
      Uint8Array.of(i),
    ])
    const writer = await ShardWriter.open({
      url,
      objects,
      engine,
      keyEncoding: 'raw',
      maxBatchEntries: 4,
    })
    for (const [k, v] of entries.slice(0, 15))
      await lent.during(() => writer.put(lent.bytes(k), lent.bytes(v)))
    await lent.during(() => writer.putChunk(lent.chunk(entries.slice(15))))
    const { minKey, maxKey } = await writer.seal()
    assert.deepEqual([minKey, maxKey], [Uint8Array.of(1, 0), Uint8Array.of(1, 29)])
    await using reader = await ShardReader.open({ url, objects, engine, keyEncoding: 'raw' })
    for (const [k, v] of entries)
      assert.deepEqual(await lent.during(() => reader.get(lent.bytes(k))), v)
    const scan = reader.scanIter({ start: lent.bytes(entries[20]![0]) })
    lent.takeBack()
    assert.deepEqual(sorted(await collected(scan)), sorted(entries.slice(20)))
  }
})

test('a task may fill the same chunk again while its rows wait', async () => {
  const prefix = tempPrefix()
  const plan = await planSnapshot({
    prefix,
    sharding: { shards: 1 },
    keyEncoding: 'raw',
  })
  const lent = new Lent(() => false)
  const entries = Array.from({ length: 500 }, (_, i): Entry => [
    Uint8Array.of(i >> 8, i),
    new Uint8Array(2000).fill(i),
  ])
  // A source that does not wait for its reader.
  const source = {
    [Symbol.asyncIterator]: () => {
      let given = false
      return {
        next: async () => {
          if (given) return { done: true as const, value: undefined }
          given = true
          const chunk = lent.chunk(entries)
          setImmediate(() => lent.takeBack())
          return { done: false as const, value: chunk }
        },
      }
    },
  }
  const result = await writeShardAttempt(plan, 0, source)
  await publishSnapshot(plan, [result])
  await using reader = await SnapshotReader.open({ prefix })
  assert.deepEqual(sorted(await collected(reader.scanIter())), sorted(entries))
})
