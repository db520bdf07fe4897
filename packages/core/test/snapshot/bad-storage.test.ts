import assert from 'node:assert/strict'
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isShardyfusionError, ShardReader, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import type { Manifest } from '@shardyfusion/core/extend'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { withDatabase } from '../support/sqlite.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'

trapUnhandledRejections()

const utf8 = new TextEncoder()
const pointerUrl = ({ prefix }: Place): string => `${prefix}/_CURRENT`

async function pointerOf(place: Place): Promise<Record<string, unknown>> {
  const bytes = await place.objects.get(pointerUrl(place))
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
}

async function pointAt(place: Place, members: Record<string, unknown>): Promise<void> {
  const pointer = { ...(await pointerOf(place)), ...members }
  await place.objects.put(pointerUrl(place), utf8.encode(JSON.stringify(pointer)))
}

/** Only errors of this SDK, in its form; gives the codes seen. */
async function trySnapshot(place: Place): Promise<string> {
  try {
    const reader = await SnapshotReader.open({ ...place, maxFallbackAttempts: 0 })
    try {
      await reader.getMany([0, 1, 2, 3, 4])
      let rows = 0
      for await (const entry of reader.scanIter()) rows += entry.length / 2
      return `${rows} rows`
    } finally {
      await reader.close()
    }
  } catch (error) {
    if (!isShardyfusionError(error)) throw error
    assert.match(error.message, /^[A-Za-z]+[ .:A-Za-z]*: ?\S/)
    return error.code
  }
}

test('a manifest with any one bit wrong is refused or read, and never more than that', async () => {
  const place = memoryPlace()
  const { manifestRef } = await publishRows(place, 'row', 5)
  const good = await place.objects.get(manifestRef)
  assert.ok(good !== undefined)
  const random = seededRandom(7)
  const seen = new Map<string, number>()
  for (let run = 0; run < 400; run++) {
    const bad = good.slice()
    // Half of them where it hurts most: the header and the first page's table of cells.
    const at = Math.floor(random() * (run % 2 === 0 ? 200 : bad.length))
    bad[at]! ^= 1 << Math.floor(random() * 8)
    await place.objects.put(manifestRef, bad)
    const outcome = await trySnapshot(place)
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
  }
  assert.ok((seen.get('SHARD_MANIFEST') ?? 0) > 20, JSON.stringify([...seen]))
  for (const outcome of seen.keys()) {
    assert.match(outcome, /^(SHARD_MANIFEST|SHARD_NOT_FOUND|\d+ rows)$/, JSON.stringify([...seen]))
  }
})

test('a manifest cut short anywhere is refused', async () => {
  const place = memoryPlace()
  const { manifestRef } = await publishRows(place, 'row', 5)
  const good = await place.objects.get(manifestRef)
  assert.ok(good !== undefined)
  for (let length = 0; length < good.length; length += 97) {
    await place.objects.put(manifestRef, good.subarray(0, length))
    assert.equal(await trySnapshot(place), 'SHARD_MANIFEST', `${length} bytes`)
  }
})

test('what is no manifest is refused as such: another SQLite file, text, a picture', async () => {
  const customers = withDatabase(undefined, (database) => {
    database.run(
      'CREATE TABLE customers (id INTEGER PRIMARY KEY); INSERT INTO customers VALUES (1)',
    )
    return database.image()
  })
  const place = memoryPlace()
  const { manifestRef } = await publishRows(place, 'row', 5)
  for (const bytes of [customers, utf8.encode('{"a":1}'), Uint8Array.of(0x89, 0x50, 0x4e, 0x47)]) {
    await place.objects.put(manifestRef, bytes)
    await rejectsWith('SHARD_MANIFEST', /manifest/, () =>
      SnapshotReader.open({ ...place, maxFallbackAttempts: 0 }),
    )
  }
})

test('a broken current manifest: the one before is opened; refresh keeps what is open', async () => {
  const place = memoryPlace()
  await publishRows(place, 'old')
  const open = await SnapshotReader.open({ ...place, values: 'utf8' })
  const { manifestRef } = await publishRows(place, 'new')
  await place.objects.put(manifestRef, utf8.encode('not a manifest'))
  assert.equal(await open.refresh(), false)
  assert.equal(await open.get(3), 'old 3')
  const reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.equal(await reader.get(3), 'old 3')
  await rejectsWith('SHARD_MANIFEST', /./, () =>
    SnapshotReader.open({ ...place, maxFallbackAttempts: 0 }),
  )
  await Promise.all([open.close(), reader.close()])
})

test('_CURRENT cut short anywhere, or not what it should be, is refused', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row')
  const whole = (await place.objects.get(pointerUrl(place)))!
  for (let length = 0; length < whole.length; length++) {
    await place.objects.put(pointerUrl(place), whole.subarray(0, length))
    await rejectsWith(
      'SHARD_MANIFEST',
      /_CURRENT: the current pointer must be a JSON object, but/,
      () => SnapshotReader.open(place),
    )
  }
  for (const [text, message] of [
    ['<Error>NoSuchKey</Error>', /_CURRENT: the current pointer must be a JSON object/],
    ['[]', /got an array of 0/],
    ['null', /got null/],
    ['{}', /manifest_content_type must be text, got undefined/],
  ] as const) {
    await place.objects.put(pointerUrl(place), utf8.encode(text))
    await rejectsWith('SHARD_MANIFEST', message, () => SnapshotReader.open(place))
  }
  await place.objects.put(pointerUrl(place), Uint8Array.of(0xff, 0xfe, 0x00))
  await rejectsWith('SHARD_MANIFEST', /not UTF-8/, () => SnapshotReader.open(place))
  await place.objects.put(pointerUrl(place), new Uint8Array(100_000).fill(0x20))
  await rejectsWith('SHARD_MANIFEST', /at most 65536 bytes/, () => SnapshotReader.open(place))
})

test('a broken _CURRENT does not stop a writer that mends it, and an open reader stays on what it has', async () => {
  const place = memoryPlace()
  await publishRows(place, 'old')
  const reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  await place.objects.put(pointerUrl(place), utf8.encode('{'))
  await rejectsWith('SHARD_MANIFEST', /_CURRENT/, () => reader.refresh())
  assert.equal(await reader.get(1), 'old 1')
  await publishRows(place, 'new', 20, { runId: 'mending' })
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(1), 'new 1')
  await reader.close()
})

test('_CURRENT pointing elsewhere: nothing there, another store, itself', async () => {
  const place = memoryPlace()
  const { manifestRef } = await publishRows(place, 'row')
  for (const [ref, code] of [
    [
      `${place.prefix}/manifests/2020-01-01T00:00:00.000000Z_run_id=gone/manifest`,
      'SHARD_NOT_FOUND',
    ],
    ['s3://bucket/manifests/x_run_id=y/manifest', 'SHARD_MANIFEST'],
    ['manifests/x_run_id=y/manifest', 'SHARD_MANIFEST'],
    ['file:///etc/passwd', 'SHARD_MANIFEST'],
    [pointerUrl(place), 'SHARD_MANIFEST'],
    ['memory://', 'SHARD_MANIFEST'],
  ] as const) {
    await pointAt(place, { manifest_ref: ref })
    const error = await rejectsWith(code, /./, () =>
      SnapshotReader.open({ ...place, maxFallbackAttempts: 0 }),
    )
    assert.ok(error.message.includes(ref), error.message)
  }
  await pointAt(place, { manifest_ref: manifestRef })
  await (await SnapshotReader.open(place)).close()
})

/** Publishes the manifest again with other shard URLs, by hand. */
async function republish(place: Place, url: (url: string) => string): Promise<void> {
  const store = new ObjectManifestStore(place.objects, place.prefix)
  const current = await store.loadManifest((await store.loadCurrent())!.ref)
  const entries = current.entries.map((entry) =>
    entry.url === undefined ? entry : { ...entry, url: url(entry.url) },
  )
  await store.publish({ ...current, runId: 'by-hand', entries } satisfies Manifest)
}

test('shards outside the prefix are refused, on open and on refresh, unless any will do', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row')
  const other = { ...place, prefix: 'memory://place/elsewhere' }
  await publishRows(other, 'else')
  const open = await SnapshotReader.open({ ...place, values: 'utf8' })
  const elsewhere = (await new ObjectManifestStore(place.objects, other.prefix).loadCurrent())!
  const { entries } = await new ObjectManifestStore(place.objects, other.prefix).loadManifest(
    elsewhere.ref,
  )
  const urls = entries.map((entry) => entry.url!)
  await republish(place, () => urls.shift()!)
  const error = await rejectsWith(
    'SHARD_MANIFEST',
    /shard 0 must be below memory:\/\/place\/snapshots, but/,
    () => SnapshotReader.open({ ...place, maxFallbackAttempts: 0 }),
  )
  assert.match(error.message, /if you trust this manifest, with 'any'$/)
  const reader = await SnapshotReader.open({ ...place, shardUrls: 'any', values: 'utf8' })
  assert.equal(await reader.get(7), 'else 7')
  assert.equal(await open.get(7), 'row 7')
  await Promise.all([reader.close(), open.close()])
})

for (const [name, change] of [
  ['a step up', (url: string) => url.replace('/shards/', '/../elsewhere/')],
  ['an encoded step up', (url: string) => url.replace('/shards/', '/%2e%2e/elsewhere/')],
  [
    'a neighbour with the same beginning',
    (url: string) => url.replace('/snapshots/', '/snapshots-2/'),
  ],
  ['another scheme', (url: string) => url.replace('memory://place/snapshots', 'file:///etc')],
  ['a query', (url: string) => `${url}?x=1`],
  ['the prefix itself', () => 'memory://place/snapshots'],
] as const) {
  test(`a shard URL with ${name} is refused`, async () => {
    const place = memoryPlace()
    await publishRows(place, 'row')
    await republish(place, change)
    await rejectsWith('SHARD_MANIFEST', /must be below memory:\/\/place\/snapshots/, () =>
      SnapshotReader.open({ ...place, maxFallbackAttempts: 0 }),
    )
  })
}

const ENGINES = ['native', 'wasm'] as const
type EngineName = (typeof ENGINES)[number]

/** A snapshot of one shard on files, and the folder of that shard. */
async function shardOnFiles(
  engine: EngineName,
): Promise<{ prefix: string; folder: string; engine: EngineName }> {
  const prefix = tempPrefix()
  const rows = Array.from({ length: 2000 }, (_, i) => [i, new Uint8Array(50).fill(i)] as const)
  const { shards } = await writeSnapshot(rows, { prefix, sharding: { shards: 1 }, engine })
  return { prefix, engine, folder: fileURLToPath(shards[0]!.url!) }
}

async function readsFail(
  { prefix, engine }: { prefix: string; engine: EngineName },
  code: 'SHARD_ENGINE' | 'SHARD_NOT_FOUND',
): Promise<void> {
  const reader = await SnapshotReader.open({ prefix, engine })
  try {
    for (const call of [
      () => reader.get(1),
      () => reader.getMany([1, 2, 1999]),
      () => reader.scanIter().next(),
      () => reader.scanIter({}, { ordered: false }).nextChunk(),
    ]) {
      const error = await rejectsWith(code, /^(native|wasm) engine: [a-zA-Z]+: .*file:\/\//, call)
      assert.equal(error.details.peer, 'DbAdapterError')
    }
  } finally {
    await reader.close()
  }
}

async function filesOf(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  const files = names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name))
  assert.ok(files.length > 0, `no ${ending} among ${names.join(', ')}`)
  return files
}

for (const name of ENGINES) {
  test(`${name}: a missing shard is said to be missing at every try, and found once it is back`, async () => {
    const place = await shardOnFiles(name)
    const { prefix, folder, engine } = place
    const aside = `${folder}-aside`
    await cp(folder, aside, { recursive: true })
    await rm(folder, { recursive: true })
    await readsFail(place, 'SHARD_NOT_FOUND')
    const reader = await SnapshotReader.open({ prefix, engine })
    await rejectsWith('SHARD_NOT_FOUND', /the shard file:.* does not exist/, () => reader.get(1))
    await cp(aside, folder, { recursive: true })
    assert.deepEqual(await reader.get(1), new Uint8Array(50).fill(1))
    await reader.close()
  })

  test(`${name}: a shard without one of its tables fails to read, at once`, async () => {
    const place = await shardOnFiles(name)
    for (const file of await filesOf(place.folder, '.sst')) await rm(file)
    await readsFail(place, 'SHARD_ENGINE')
  })

  test(`${name}: a table with wrong bytes in it is found out by its checksum`, async () => {
    const { prefix, folder, engine } = await shardOnFiles(name)
    for (const file of await filesOf(folder, '.sst')) {
      const bytes = await readFile(file)
      // In the first block, where the first keys are.
      bytes[100]! ^= 0x10
      await writeFile(file, bytes)
    }
    const reader = await SnapshotReader.open({ prefix, engine })
    await rejectsWith('SHARD_ENGINE', /cannot be read|checksum/i, () => reader.get(0))
    await rejectsWith('SHARD_ENGINE', /cannot be read|checksum/i, () => reader.scanIter().next())
    await reader.close()
  })
}

for (const [name, keep] of [
  ['nothing', 0],
  ['half', 0.5],
] as const) {
  test(`native: with ${name} left of a table the engine would try for ever, the read is bounded`, async (t) => {
    const { prefix, folder, engine } = await shardOnFiles('native')
    for (const file of await filesOf(folder, '.sst')) {
      const { length } = await readFile(file)
      await truncate(file, Math.floor(length * keep))
    }
    const snapshot = await SnapshotReader.open({ prefix, engine })
    await rejectsWith('SHARD_ENGINE', /damaged: .*\.sst has \d+ bytes instead of \d+/, () =>
      snapshot.get(1),
    )
    await snapshot.close()
    // By its URL alone, a shard has nothing to be compared with.
    const reader = await ShardReader.open({ url: pathToFileURL(folder).href, engine })
    const reading = rejectsWith(
      'SHARD_TIMEOUT',
      /native engine: get: no answer from the engine within 120000 ms/,
      () => reader.get(1),
    )
    // Long enough for the engine to be at it; then two minutes pass at once.
    await delay(300)
    const now = performance.now.bind(performance)
    t.mock.method(performance, 'now', () => now() + 121_000)
    const error = await reading
    assert.equal(error.retryable, true)
    assert.match(error.message, /check that its storage answers/)
    await reader.close()
    // The engine's own call goes on, and holds up the process, until the table is gone altogether.
    await rm(folder, { recursive: true })
  })
}

test('wasm: with half left of a table that shard fails, and no other', async () => {
  const broken = await shardOnFiles('wasm')
  const sound = await shardOnFiles('wasm')
  const reader = await SnapshotReader.open({ prefix: sound.prefix, engine: 'wasm' })
  assert.deepEqual(await reader.get(1), new Uint8Array(50).fill(1))
  for (const file of await filesOf(broken.folder, '.sst')) {
    const { length } = await readFile(file)
    await truncate(file, Math.floor(length / 2))
  }
  await readsFail(broken, 'SHARD_ENGINE')
  assert.deepEqual(await reader.get(2), new Uint8Array(50).fill(2))
  await reader.close()
})
