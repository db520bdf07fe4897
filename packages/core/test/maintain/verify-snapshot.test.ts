import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type Key,
  type KeyEncoding,
  type PublishedSnapshot,
  type ShardingOption,
  writeSnapshot,
} from '@shardyfusion/core'
import { type Manifest, packEntries, wrapEngine } from '@shardyfusion/core/extend'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import {
  type VerifyReport,
  verifySnapshot,
  type VerifySnapshotOptions,
} from '@shardyfusion/core/maintain'
import { encodeManifest } from '#dist/snapshot/manifest/manifest-codec.js'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const utf8 = new TextEncoder()
const u64 = (key: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(key))
  return bytes
}

async function publish(
  place: Place,
  keys: readonly Key[],
  keyEncoding: KeyEncoding = 'u64be',
  sharding: ShardingOption = { shards: 3 },
): Promise<PublishedSnapshot> {
  const rows = keys.map((key) => [key, 'value'] as const)
  return writeSnapshot(rows, { ...place, sharding, keyEncoding, values: 'utf8' })
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Publishes numbers, lets a test damage the snapshot, and verifies it. */
async function verifyDamaged(
  damage: (place: Place, published: PublishedSnapshot) => Promise<unknown>,
  options: Partial<VerifySnapshotOptions> = {},
): Promise<VerifyReport> {
  const place = memoryPlace()
  await damage(place, await publish(place, numbers(60)))
  return verifySnapshot({ ...place, ...options })
}

/** Replaces what a shard holds. */
function putEntries(place: Place, url: string, keys: readonly Uint8Array[]): Promise<boolean> {
  const chunk = packEntries(keys.map((key) => [key, utf8.encode('value')] as const))
  return place.objects.put(`${url}/data`, new Uint8Array(chunk.buffer))
}

/** The keys a shard of `publish(numbers(60))` has, by looking them all up. */
async function keysOf(
  place: Place,
  published: PublishedSnapshot,
  shard: number,
): Promise<number[]> {
  const url = published.shards[shard]!.url!
  const reader = await place.engine.openReader({ url, objects: place.objects })
  const found = await reader.getMany(numbers(60).map(u64))
  await reader.close()
  return numbers(60).filter((i) => found[i] !== undefined)
}

async function changeManifest(
  place: Place,
  change: (manifest: Manifest) => Manifest,
): Promise<void> {
  const manifests = new ObjectManifestStore(place.objects, place.prefix)
  const ref = (await manifests.loadCurrent())!.ref
  await place.objects.put(ref, await encodeManifest(change(await manifests.loadManifest(ref))))
}

const kinds = (report: VerifyReport): string[] =>
  report.findings.map(({ kind, shard, count }) => `${kind} in ${shard}: ${count}`)

const raw = [new Uint8Array([0xff, 0]), new Uint8Array([1]), 'text', 'é']
const sound: [string, readonly Key[], KeyEncoding, ShardingOption?][] = [
  ['u64be', [...numbers(60), 2n ** 62n], 'u64be'],
  ['u32be', numbers(60), 'u32be'],
  ['utf8', ['a', 'b', 'naïve', '日本', '\u{ffee}', '\u{1f600}'], 'utf8'],
  ['raw', raw, 'raw'],
  [
    'CEL over integers',
    numbers(60),
    'u64be',
    { cel: 'key % 3', columns: { key: 'int' }, shards: 3 },
  ],
  [
    'CEL over text',
    ['a', 'b', 'é'],
    'utf8',
    { cel: 'shard_hash(key) % 4u', columns: { key: 'string' }, shards: 4 },
  ],
  [
    'CEL over bytes',
    raw.slice(0, 2),
    'raw',
    { cel: 'shard_hash(key) % 4u', columns: { key: 'bytes' }, shards: 4 },
  ],
]

for (const [name, keys, keyEncoding, sharding] of sound) {
  test(`a sound snapshot has no findings: ${name}`, async () => {
    const place = memoryPlace()
    const published = await publish(place, keys, keyEncoding, sharding)
    const report = await verifySnapshot(place)
    assert.deepEqual(report.findings, [])
    assert.equal(report.ok, true)
    assert.deepEqual(report.notChecked, [])
    assert.equal(report.keys, keys.length)
    assert.equal(report.runId, published.runId)
    assert.equal(report.manifest.ref, published.manifestRef)
    assert.deepEqual(
      [report.shards, report.shardsVerified],
      [published.shards.length, published.shards.length],
    )
    for (const { id, status, keys: read, rowCount, overwritten, lookups } of report.results) {
      assert.equal(status, published.shards[id]!.url === undefined ? 'empty' : 'ok')
      assert.equal(read, rowCount)
      assert.equal(overwritten, status === 'empty' ? undefined : 0)
      assert.equal(lookups, status === 'empty' ? 0 : 1)
    }
  })
}

test('the engine in WebAssembly: a sound snapshot, with rows that were overwritten', async () => {
  const prefix = tempPrefix()
  const rows = [...numbers(5000), ...numbers(1000)].map((i) => [i, `row ${i}`] as const)
  await writeSnapshot(rows, { prefix, sharding: { shards: 2 }, values: 'utf8' })
  const report = await verifySnapshot({ prefix })
  assert.deepEqual(report.findings, [])
  assert.equal(report.keys, 5000)
  assert.equal(
    report.results.reduce((sum, { overwritten }) => sum + overwritten!, 0),
    1000,
  )
})

test('missing and unreadable shards, and the others all the same', async () => {
  const report = await verifyDamaged(async ({ objects }, { shards }) => {
    await objects.deletePrefix(shards[0]!.url!)
    await objects.put(`${shards[2]!.url}/data`, new Uint8Array(30))
  })
  assert.deepEqual(kinds(report), ['missing in 0: 1', 'unreadable in 2: 1'])
  assert.equal(report.ok, false)
  assert.deepEqual(
    report.results.map(({ status }) => status),
    ['bad', 'ok', 'bad'],
  )
  assert.match(report.findings[1]!.message, /cannot be read: .*not a packed chunk/)
  assert.ok(report.findings[1]!.error instanceof Error)
})

test('keys out of order, and keys twice', async () => {
  const report = await verifyDamaged(async (place, published) => {
    const keys = await keysOf(place, published, 0)
    const [a, b, ...rest] = keys.map(u64)
    // Lookups of this engine need order; what else they find wrong is not what is asked here.
    await putEntries(place, published.shards[0]!.url!, [a!, b!, b!, ...rest])
  })
  assert.equal(kinds(report)[0], 'order in 0: 1')
})

test('a key in the wrong shard, with its place', async () => {
  let stray = 0
  const report = await verifyDamaged(async (place, published) => {
    const keys = await keysOf(place, published, 0)
    const [, other] = await keysOf(place, published, 1)
    stray = other!
    const mixed = [...keys, stray].sort((a, b) => a - b).map(u64)
    await putEntries(place, published.shards[0]!.url!, mixed)
    await changeManifest(place, (manifest) => ({
      ...manifest,
      entries: manifest.entries.map((e) =>
        e.id === 0 ? { ...e, rowCount: e.rowCount + 1, minKey: undefined, maxKey: undefined } : e,
      ),
    }))
  })
  assert.deepEqual(kinds(report), ['wrong-shard in 0: 1', 'too-many-rows in 0: 1'])
  assert.match(report.findings[0]!.message, /belongs to shard 1/)
  assert.deepEqual(report.findings[0]!.keys, [String(stray)])
})

test('rows that are gone show in the range and the count, and rows from nowhere in the count', async () => {
  const fewer = await verifyDamaged(async (place, published) => {
    const keys = await keysOf(place, published, 1)
    await putEntries(place, published.shards[1]!.url!, keys.slice(1).map(u64))
  })
  assert.deepEqual(kinds(fewer), ['key-range in 1: 1', 'lost-rows in 1: 1'])
  assert.match(fewer.findings[0]!.message, /^the smallest key is \d+, by the manifest it is \d+$/)

  const more = await verifyDamaged((place) =>
    changeManifest(place, (manifest) => ({
      ...manifest,
      entries: manifest.entries.map((e) => (e.id === 1 ? { ...e, rowCount: 2 } : e)),
    })),
  )
  assert.deepEqual(kinds(more), ['too-many-rows in 1: 1'])

  const none = await verifyDamaged((place, published) =>
    putEntries(place, published.shards[1]!.url!, []),
  )
  assert.deepEqual(kinds(none), ['no-rows in 1: 1'])
})

test('keys of another width, and text that is none', async () => {
  const report = await verifyDamaged((place, published) =>
    putEntries(place, published.shards[0]!.url!, [Uint8Array.of(0), Uint8Array.of(0, 7)]),
  )
  assert.equal(kinds(report)[0], 'undecodable-key in 0: 2')
  assert.deepEqual(report.findings[0]!.keys, ['0x00', '0x0007'])
  assert.equal(report.ok, false)

  const place = memoryPlace()
  await publish(place, ['a', new Uint8Array([0xff])], 'utf8', { shards: 1 })
  const text = await verifySnapshot(place)
  assert.deepEqual(kinds(text), ['undecodable-key in 0: 1'])
  assert.equal(text.findings[0]!.severity, 'warning')
  assert.equal(text.ok, true)
})

test('a key that is scanned but not found, or found with another value', async () => {
  for (const [value, message] of [
    [undefined, /is not found/],
    [utf8.encode('other'), /another value/],
  ] as const) {
    const place = memoryPlace()
    await publish(place, numbers(10), 'u64be', { shards: 1 })
    const { engine } = place
    const report = await verifySnapshot({
      ...place,
      engine: wrapEngine(engine, {
        openReader: async (o) => {
          const reader = await engine.openReader(o)
          reader.getMany = (keys) => Promise.resolve(keys.map(() => value))
          return reader
        },
      }),
    })
    assert.deepEqual(kinds(report), ['lookup in 0: 1'])
    assert.match(report.findings[0]!.message, message)
  }
})

test('what cannot be checked is said: CEL over other columns than the key', async () => {
  const place = memoryPlace()
  await writeSnapshot(
    [
      { id: 1, region: 'eu' },
      { id: 2, region: 'us' },
    ],
    {
      ...place,
      sharding: { cel: 'region', columns: { region: 'string' }, values: ['eu', 'us'] },
      key: 'id',
      values: 'json',
    },
  )
  const report = await verifySnapshot(place)
  assert.equal(report.ok, true)
  assert.match(report.notChecked[0]!, /chosen by region, which they do not contain/)
})

test('some shards, some rows: bounded work, said so', async () => {
  const place = memoryPlace()
  await publish(place, numbers(3000), 'u64be', { shards: 6 })
  const some = await verifySnapshot({ ...place, shards: 2 })
  assert.equal(some.shardsVerified, 2)
  assert.equal(new Set(some.results.map(({ id }) => id)).size, 2)
  assert.match(some.notChecked[0]!, /only some of the shards/)
  const few = await verifySnapshot({ ...place, rows: 10 })
  assert.equal(few.keys, 60)
  assert.deepEqual(few.findings, [])
  assert.equal(few.results[0]!.overwritten, undefined)
  assert.match(few.notChecked[0]!, /only some of the rows/)
  const more = await verifySnapshot({ ...place, rows: 5000, shards: 50 })
  assert.equal(more.keys, 3000, 'a shard that is read to its end is counted')
  assert.equal(more.results[0]!.overwritten, 0)
})

test('few rows show a range that is wrong at the far end', async () => {
  const report = await verifyDamaged(
    async (place, published) => {
      const keys = await keysOf(place, published, 1)
      await putEntries(place, published.shards[1]!.url!, keys.slice(0, -1).map(u64))
    },
    { rows: 4 },
  )
  assert.deepEqual(kinds(report), ['key-range in 1: 1'])
  assert.match(report.findings[0]!.message, /^the largest key/)
})

test('a pinned snapshot, and one that was copied, are verified where they lie', async () => {
  const place = memoryPlace()
  const first = await publishRows(place, 'first')
  await publishRows(place, 'second')
  assert.equal((await verifySnapshot({ ...place, runId: first.runId })).runId, first.runId)

  const base = tempPrefix()
  const options = { sharding: { shards: 2 }, values: 'utf8' } as const
  await writeSnapshot([[1, 'a']], { prefix: `${base}/written`, ...options })
  await rename(fileURLToPath(`${base}/written`), fileURLToPath(`${base}/moved`))
  const prefix = `${base}/moved`
  await rejectsWith('SHARD_MANIFEST', /shardUrls: 'rebase'/, () => verifySnapshot({ prefix }))
  assert.equal((await verifySnapshot({ prefix, shardUrls: 'rebase' })).ok, true)
})

test('a manifest that is broken, or leads elsewhere, is an error', async () => {
  const place = memoryPlace()
  const old = await publishRows(place, 'old')
  const { manifestRef } = await publishRows(place, 'new')
  const elsewhere = old.shards.map((s) =>
    Object.assign({}, s, { url: s.url?.replace('//place', '//other') }),
  )
  await changeManifest(place, (manifest) => ({ ...manifest, entries: elsewhere }))
  await rejectsWith('SHARD_MANIFEST', /must be below/, () => verifySnapshot(place))
  await place.objects.put(manifestRef, new Uint8Array(10))
  await rejectsWith('SHARD_MANIFEST', /SQLite/, () => verifySnapshot(place))
  await rejectsWith('SHARD_NOT_FOUND', /nothing is published/, () =>
    verifySnapshot({ ...place, prefix: 'memory://place/none' }),
  )
})

test('progress is told, an abort ends it with its reason, and every shard is closed', async () => {
  const place = memoryPlace()
  await publish(place, numbers(100), 'u64be', { shards: 10 })
  let open = 0
  const { engine } = place
  const watched = wrapEngine(engine, {
    openReader: async (o) => {
      const reader = await engine.openReader(o)
      open++
      const close = reader.close.bind(reader)
      reader.close = () => {
        open--
        return close()
      }
      return reader
    },
  })
  const seen: number[] = []
  const options = { ...place, engine: watched, concurrency: 3 }
  await verifySnapshot({
    ...options,
    onProgress: ({ shardsVerified, shards }) => {
      assert.equal(shards, 10)
      seen.push(shardsVerified)
    },
  })
  assert.deepEqual(seen.slice(-10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  const abort = new AbortController()
  const verifying = verifySnapshot({
    ...options,
    signal: abort.signal,
    onProgress: () => abort.abort(new Error('enough')),
  })
  await assert.rejects(verifying, /^Error: enough$/)
  assert.equal(open, 0)
})

test('memory stays bounded: chunks are asked for, one at a time', async () => {
  const place = memoryPlace()
  await publish(place, numbers(20_000), 'u64be', { shards: 1 })
  const { engine } = place
  const asked: number[] = []
  await verifySnapshot({
    ...place,
    engine: wrapEngine(engine, {
      openReader: async (o) => {
        const reader = await engine.openReader(o)
        const scan = reader.scan.bind(reader)
        reader.scan = (range, how) => {
          const inner = scan(range, how)
          const next = inner.nextChunk.bind(inner)
          inner.nextChunk = (max) => {
            asked.push(max)
            return next(max)
          }
          return inner
        }
        return reader
      },
    }),
  })
  assert.ok(asked.length >= 5 && asked.every((max) => max === 4096), asked.join())
})

test('options are checked', async () => {
  for (const [options, message] of [
    [{ shards: 0 }, /shards must be an integer of 1 or more \(shards\)/],
    [{ rows: 'some' }, /rows must be 'all' or a number of 1 or more \(rows\)/],
    [{ sample: 1 }, /unknown option "sample"/],
  ] as const) {
    await rejectsWith('SHARD_INVALID_OPTION', message, () =>
      verifySnapshot({ prefix: 'memory://x', ...options } as never),
    )
  }
})
