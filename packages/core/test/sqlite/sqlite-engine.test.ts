import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  ShardReader,
  ShardWriter,
  slatedb,
  SnapshotReader,
  sqlite,
  type SqliteMode,
  writeSnapshot,
} from '@shardyfusion/core'
import { packEntries, type ShardEngine } from '@shardyfusion/core/extend'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { countStore, interceptStore, mapStore } from '@shardyfusion/core/testing'
import { integrity, withDatabase } from '../support/sqlite.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const encoder = new TextEncoder()
const MIB = 1024 * 1024

const rows = (count: number, bytes = 20): [number, string][] =>
  Array.from({ length: count }, (_, i) => [(i * 7919) % count, `${i}`.padEnd(bytes, 'v')])

let snapshots = 0

/** Publishes a snapshot of SQLite shards in memory. */
async function published(
  records: readonly [number, string][],
  {
    engine = sqlite(),
    shards = 2,
    ...options
  }: { engine?: ShardEngine; shards?: number } & Record<string, unknown> = {},
) {
  const objects = new MemoryStore()
  const prefix = `memory://sqlite-engine/${snapshots++}`
  const place = { prefix, objects, values: 'utf8' } as const
  const snapshot = await writeSnapshot(records, {
    ...place,
    sharding: { shards },
    engine,
    ...options,
  })
  return { ...place, snapshot }
}

async function files(
  objects: MemoryStore,
  prefix: string,
): Promise<[url: string, image: Uint8Array][]> {
  const found: [string, Uint8Array][] = []
  for await (const { url } of objects.list(prefix))
    if (url.endsWith('/shard.db')) found.push([url, (await objects.get(url))!])
  return found
}

test('sqlite: options are checked, with their units', () => {
  assert.throws(() => sqlite({ mode: 'memory' as SqliteMode }), {
    code: 'SHARD_INVALID_OPTION',
    message: /mode must be 'auto', 'download' or 'range'/,
  })
  assert.throws(() => sqlite({ pageSize: 1000 as 512 }), {
    message: /a power of two from 512 to 65536 \(bytes\), or 'auto'/,
  })
  assert.throws(() => sqlite({ cacheBytes: -1 }), { message: /cacheBytes .*bytes/ })
  assert.throws(() => sqlite({ page_size: 4096 } as never), { message: /page_size/ })
})

test('a snapshot is read without naming the engine; sizes, seals and the format are recorded', async () => {
  const { prefix, objects, values } = await published(rows(2000))
  await using reader = await SnapshotReader.open({ prefix, objects, values })
  assert.equal(await reader.get(7), rows(2000).find(([key]) => key === 7)![1])
  assert.equal(await reader.get(2000), undefined)
  const stored = await files(objects, prefix)
  assert.equal(stored.length, 2)
  const sizes = new Map(stored.map(([url, image]) => [url, image.length]))
  for (const { url, bytes } of reader.shards()) assert.equal(bytes, sizes.get(`${url}/shard.db`))
  for (const [, image] of stored) {
    assert.equal(integrity(image), 'ok')
    const [[sql], [count]] = withDatabase(image, (database) => [
      ...database.rows('SELECT sql FROM sqlite_schema'),
      ...database.rows('SELECT count(*) FROM kv'),
    ]) as [[string], [bigint]]
    assert.equal(sql, 'CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID')
    assert.ok(count > 900n)
  }
  assert.ok((await verifySnapshot({ prefix, objects })).ok)
})

test('of equal keys the last row counts, in memory and spilled to disk', async () => {
  const records: [number, string][] = []
  for (let round = 0; round < 4; round++)
    for (let key = 0; key < 6000; key++)
      records.push([(key * 31) % 6000, `${round}-${key}`.padEnd(100)])
  for (const options of [{}, { memoryBytes: MIB }]) {
    const { prefix, objects, values } = await published(records, options)
    await using reader = await SnapshotReader.open({ prefix, objects, values })
    let count = 0
    for await (const [, value] of reader.scanIter()) {
      assert.match(value, /^3-/)
      count++
    }
    assert.equal(count, 6000)
    const { ok, findings } = await verifySnapshot({ prefix, objects })
    assert.ok(ok, JSON.stringify(findings))
  }
})

test('workers write the same files as the calling thread', async () => {
  const { tempPrefix } = await import('@shardyfusion/test-support/temp-folder')
  const prefix = tempPrefix()
  const records = rows(3000)
  await writeSnapshot(records, {
    prefix,
    sharding: { shards: 4 },
    values: 'utf8',
    engine: sqlite({ pageSize: 1024 }),
    workers: 2,
  })
  await using reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  for (const [key, value] of records.slice(0, 50)) assert.equal(await reader.get(key), value)
})

test("pageSize: 'auto' chooses for the rows of each shard", async () => {
  for (const [bytes, expected] of [
    [20, 4096],
    [1500, 8192],
    [12_000, 65_536],
  ] as const) {
    const { objects, prefix } = await published(rows(40, bytes), {
      engine: sqlite({ pageSize: 'auto' }),
      shards: 1,
    })
    const [[, image]] = (await files(objects, prefix)) as [[string, Uint8Array]]
    const stored = new DataView(image.buffer, image.byteOffset).getUint16(16)
    assert.equal(stored === 1 ? 65_536 : stored, expected)
    assert.equal(integrity(image), 'ok')
  }
})

test('files are hardly larger than their rows, whatever the size of values', async () => {
  for (const bytes of [
    10,
    100,
    900,
    1100,
    1800,
    3000,
    7000,
    15_000,
    20_000,
    65_536,
    100_000,
    MIB,
  ]) {
    const count = Math.min(5000, Math.ceil((4 * MIB) / bytes))
    const { objects, prefix } = await published(rows(count, bytes), { shards: 1 })
    const [[, image]] = (await files(objects, prefix)) as [[string, Uint8Array]]
    const share = image.length / (count * (bytes + 8))
    assert.ok(share < (bytes < 50 ? 1.6 : 1.25), `${bytes} bytes: ${share.toFixed(2)}`)
  }
})

test('large files are read by range, small ones whole; an unknown size is asked for', async () => {
  const to = `memory://modes`
  const { store, counts } = countStore(await mapStore({ from: 's3://modes', to }))
  const place = { prefix: 's3://modes/large', objects: store, values: 'utf8' } as const
  // One shard of more than 16 MiB: all of the snapshot are read by range.
  const records = rows(18, MIB)
  await writeSnapshot(records, { ...place, sharding: { shards: 1 }, engine: sqlite() })
  const before = counts()
  await using reader = await SnapshotReader.open(place)
  assert.equal(await reader.get(3), records.find(([key]) => key === 3)![1])
  const { bytesRead, calls } = counts()
  assert.ok(bytesRead - before.bytesRead < 4 * MIB, `${bytesRead - before.bytesRead} bytes`)
  assert.equal(calls.head, before.calls.head)
  const [shard] = reader.shards()
  const asked = counts().calls
  await using one = await ShardReader.open({ url: shard!.url!, objects: store, engine: sqlite() })
  assert.equal((await one.get(3))!.length, MIB)
  assert.equal(counts().calls.head - asked.head, 1)
})

test('a size that counts other data with the file does not matter', async () => {
  const { prefix, objects } = await published(rows(3000), { shards: 1 })
  const [[url, image]] = (await files(objects, prefix)) as [[string, Uint8Array]]
  const shard = url.slice(0, -'/shard.db'.length)
  for (const bytes of [image.length * 3, image.length + 100_000, image.length - 4096, 1, 0]) {
    for (const mode of ['range', 'download', 'auto'] as const) {
      const reader = await sqlite({ mode }).openReader({ url: shard, objects, bytes })
      const chunk = await reader.scan({}).nextChunk(4096)
      assert.equal(chunk!.count, 3000, `${mode}, ${bytes} of ${image.length} bytes`)
      await reader.close()
    }
  }
})

test('a file that lost its end, or was replaced, is damaged', async () => {
  const { prefix, objects, values } = await published(rows(3000), { shards: 1 })
  const [[url, image]] = (await files(objects, prefix)) as [[string, Uint8Array]]
  const cut = image.subarray(0, image.length - 4096)
  for (const bytes of [cut, new Uint8Array(image.length), encoder.encode('SQLite format 3\0')]) {
    await objects.put(url, bytes)
    for (const mode of ['range', 'download'] as const) {
      await using reader = await SnapshotReader.open({
        prefix,
        objects,
        values,
        engine: sqlite({ mode }),
      })
      const error = await rejectsWith('SHARD_ENGINE', /shard\.db/, () => reader.get(1))
      assert.equal(error.retryable, false)
    }
    const { ok } = await verifySnapshot({ prefix, objects })
    assert.equal(ok, false)
  }
  await objects.delete(url)
  await using reader = await SnapshotReader.open({ prefix, objects, values })
  await rejectsWith('SHARD_NOT_FOUND', /has no shard\.db/, () => reader.get(1))
})

test('verify finds pages that no lookup would', async () => {
  const { prefix, objects } = await published(rows(3000), { shards: 1 })
  const [[url, image]] = (await files(objects, prefix)) as [[string, Uint8Array]]
  // The list of free pages has a leaf of the table.
  const damaged = image.slice()
  damaged.set([0, 0, 0, 2, 0, 0, 0, 1], 32)
  await objects.put(url, damaged)
  const { ok, findings } = await verifySnapshot({ prefix, objects })
  assert.equal(ok, false)
  assert.ok(
    findings.some(({ kind }) => kind === 'damaged' || kind === 'unreadable'),
    JSON.stringify(findings),
  )
})

test('a wrong engine ends in a message that names the format', async () => {
  const { prefix, objects } = await published(rows(20))
  await using wrong = await SnapshotReader.open({ prefix, objects, engine: slatedb() })
  await rejectsWith('SHARD_ENGINE', /has the format "sqlite", but the engine "wasm" reads/, () =>
    wrong.get(1),
  )
  const [[url]] = (await files(objects, prefix)) as [[string, Uint8Array]]
  const shard = url.slice(0, -'/shard.db'.length)
  await rejectsWith(
    'SHARD_ENGINE',
    /has the format "sqlite", but the engine "wasm" reads "slatedb"/,
    () => ShardReader.open({ url: shard, objects, engine: slatedb({ runtime: 'wasm' }) }),
  )
  await using reader = await ShardReader.open({ url: shard, objects })
  assert.ok((await reader.scanIter().nextChunk())!.count > 0)
  const lsm = 'memory://sqlite-engine/lsm'
  const writer = await ShardWriter.open({ url: lsm, objects })
  await writer.put(1, Uint8Array.of(1))
  await writer.seal()
  await rejectsWith(
    'SHARD_ENGINE',
    /has the format "slatedb", but the engine "sqlite" reads "sqlite"/,
    () => ShardReader.open({ url: lsm, objects, engine: sqlite() }),
  )
})

test('a value above maxValueBytes is refused, and a batch of many keys is complete', async () => {
  const { prefix, objects, values } = await published([[1, 'x'.repeat(5000)], ...rows(1)], {
    shards: 1,
  })
  for (const mode of ['range', 'download'] as const) {
    await using reader = await SnapshotReader.open({
      prefix,
      objects,
      values,
      maxValueBytes: 1000,
      engine: sqlite({ mode }),
    })
    await rejectsWith('SHARD_INVALID_VALUE', /5000 bytes, above the limit of 1000 bytes/, () =>
      reader.get(1),
    )
    assert.ok(await reader.get(0))
  }
  const many = await published(rows(30_000), { shards: 1 })
  await using reader = await SnapshotReader.open({
    prefix: many.prefix,
    objects: many.objects,
    values,
    engine: sqlite({ mode: 'range', cacheBytes: MIB }),
  })
  const found = await reader.getMany(Array.from({ length: 30_000 }, (_, i) => i))
  assert.equal([...found.values()].filter((value) => value !== undefined).length, 30_000)
  sqlite({ cacheBytes: 64 * MIB })
})

test('a build that fails leaves nothing of the file; a failing store ends the seal', async () => {
  const base = new MemoryStore()
  const objects = interceptStore(base, {
    before({ operation, url }) {
      if (operation === 'complete' && url.endsWith('shard.db')) throw new Error('the disk is full')
    },
  })
  const writer = await sqlite().openWriter({ url: 'memory://fails/shard', objects })
  await writer.write(packEntries([[encoder.encode('a'), encoder.encode('1')]]))
  await assert.rejects(writer.seal(), /the disk is full/)
  await writer.close()
  assert.deepEqual(await files(base, 'memory://fails'), [])
})
