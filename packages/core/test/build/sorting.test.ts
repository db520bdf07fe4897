import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Entry, SnapshotWriter, writeSnapshot } from '@shardyfusion/core'
import { EntryChunk, packEntries, type ShardEngine, wrapEngine } from '@shardyfusion/core/extend'
import { sortEntries } from '#dist/sorting/sort-entries.js'
import { objectEngine } from '../support/object-engine.js'
import { tempFolder, tempPrefix } from '../support/temp-prefix.js'
import { rejectsWith } from '../support/throws.js'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { watchedEngine } from '../support/watched-engine.js'
import { contents } from './support/contents.js'

trapUnhandledRejections()

/** Keys that share beginnings, differ in length, repeat, and use the whole range of a byte. */
const key = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
  fc
    .constantFrom('a', 'ab', 'user/1', 'user/10', 'user/2', 'user/\u00ff')
    .map((t) => Buffer.from(t)),
  fc
    .tuple(
      fc.constantFrom('shared/prefix/', 'shared/prefix/longer/'),
      fc.integer({ min: 0, max: 30 }),
    )
    .map(([prefix, n]) => Buffer.from(prefix + n)),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, n)
    return bytes
  }),
)

test('sortEntries: entries come in the order of their bytes, of equal keys the last one alone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(key, { maxLength: 40 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 200 }),
      (groups, maxBytes) => {
        let value = 0
        const chunks = groups.map((keys) =>
          packEntries(keys.map((bytes): Entry => [bytes, Buffer.from(String(value++))])),
        )
        const last = new Map<string, string>()
        for (const chunk of chunks)
          for (const [k, v] of chunk)
            last.set(Buffer.from(k).toString('latin1'), Buffer.from(v).toString())
        const sorted = [...sortEntries(chunks, maxBytes)].flatMap((chunk) =>
          [...EntryChunk.fromBuffer(chunk.buffer)].map(([k, v]) => [
            Buffer.from(k).toString('latin1'),
            Buffer.from(v).toString(),
          ]),
        )
        // Characters up to 255 are ordered as the bytes they stand for.
        assert.deepEqual(
          sorted,
          [...last].sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      },
    ),
    { numRuns: 300 },
  )
})

/** What an engine was given, by shard, in the order it came. */
function recordingEngine(): { engine: ShardEngine; keys: Map<string, bigint[]> } {
  const keys = new Map<string, bigint[]>()
  const inner = objectEngine()
  return {
    keys,
    engine: wrapEngine(inner, {
      async openWriter(options) {
        const writer = await inner.openWriter(options)
        const given: bigint[] = []
        keys.set(options.url, given)
        return {
          flush: () => writer.flush(),
          seal: () => writer.seal(),
          bytes: () => writer.bytes(),
          close: () => writer.close(),
          async write(chunk) {
            for (let i = 0; i < chunk.count; i++)
              given.push(Buffer.from(chunk.key(i)).readBigUInt64BE())
            await writer.write(chunk)
          },
        }
      },
    }),
  }
}

const DESCRIPTORS = '/proc/self/fd'
const CAN_COUNT = existsSync(DESCRIPTORS)

/** Files of sorted rows this process has open; they have no names. */
function sortedFiles(folder: string): number {
  if (!CAN_COUNT) return 0
  const names = readdirSync(DESCRIPTORS).map((fd) => {
    try {
      return readlinkSync(join(DESCRIPTORS, fd))
    } catch {
      // The descriptor the list itself was read with.
      return ''
    }
  })
  return names.filter((name) => name.startsWith(folder) && name.endsWith(' (deleted)')).length
}

/** Rows in no order, every fifth key again with another value later on. */
function* rows(count: number, bytes: number): Generator<[number, Uint8Array]> {
  const value = Buffer.alloc(bytes)
  for (let i = 0; i < count; i++) {
    const n = i % 5 === 4 ? Math.floor(i / 10) : i
    value.writeUInt32LE(i)
    yield [(n * 7919) % 1_000_003, Buffer.from(value)]
  }
}

test('sort: the engine gets every shard in key order, from memory or from runs on disk', async () => {
  const expected = tempPrefix()
  await writeSnapshot(rows(20_000, 200), { prefix: expected, sharding: { shards: 3 } })
  const want = await contents(expected)
  for (const [memoryBytes, spills] of [
    [64 * 1024 * 1024, false],
    [1024 * 1024, true],
  ] as const) {
    const folder = tempFolder()
    const { engine, keys } = recordingEngine()
    const prefix = tempPrefix()
    let seen = 0
    const noting = watchedEngine(engine, {
      seal: () => {
        seen = Math.max(seen, sortedFiles(folder))
      },
    })
    await writeSnapshot(rows(20_000, 200), {
      prefix,
      sharding: { shards: 3 },
      engine: noting,
      sort: { memoryBytes, folder },
    })
    if (CAN_COUNT) assert.equal(seen > 0, spills, `${seen} files of sorted rows`)
    assert.equal(keys.size, 3)
    for (const given of keys.values()) {
      assert.ok(given.length > 4000)
      for (let i = 1; i < given.length; i++) assert.ok(given[i]! >= given[i - 1]!, `entry ${i}`)
    }
    assert.deepEqual(await contents(prefix, objectEngine()), want)
    assert.deepEqual(readdirSync(folder), [], 'runs are removed')
  }
})

test('sort: works with workers, with one shard, and with more runs than are merged at once', async () => {
  const expected = tempPrefix()
  await writeSnapshot(rows(60_000, 1500), { prefix: expected, sharding: { shards: 1 } })
  const folder = tempFolder()
  const prefix = tempPrefix()
  await writeSnapshot(rows(60_000, 1500), {
    prefix,
    sharding: { shards: 1 },
    workers: 2,
    sort: { memoryBytes: 1024 * 1024, folder },
  })
  assert.deepEqual(await contents(prefix), await contents(expected))
  assert.deepEqual(readdirSync(folder), [])
})

test('sort: an abandoned build leaves no runs, and a folder that is not there is named', async () => {
  const folder = tempFolder()
  const options = { prefix: tempPrefix(), sharding: { shards: 2 } } as const
  const writer = await SnapshotWriter.open({
    ...options,
    sort: { memoryBytes: 1024 * 1024, folder },
  })
  for (const [k, v] of rows(20_000, 200)) await writer.put(k, v)
  if (CAN_COUNT) assert.ok(sortedFiles(folder) > 0)
  await writer.close()
  assert.equal(sortedFiles(folder), 0)
  assert.deepEqual(readdirSync(folder), [])
  const missing = join(folder, 'missing')
  const open = (sort: object) => SnapshotWriter.open({ ...options, sort })
  await rejectsWith('SHARD_STORE', /missing.*ENOENT.*sort: \{ folder \}/, () =>
    open({ folder: missing }),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /sort\.memoryBytes must be an integer/, () =>
    open({ memoryBytes: 10 }),
  )
  mkdirSync(missing)
  await (await open({ folder: missing })).close()
  assert.deepEqual(readdirSync(missing), [])
})
