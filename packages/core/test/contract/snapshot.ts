import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type BuildProgress, celShardingByColumns, jsonValues } from '@shardyfusion/core'
import type { EngineOptions } from '@shardyfusion/core/extend'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import type { Api } from './api.js'

export interface SnapshotHarness {
  readonly name: string
  readonly api: Api
  /** A prefix below which nothing is published yet, and what to open it with. */
  open(t: TestContext): Promise<{ prefix: string; options?: EngineOptions }>
}

interface User {
  readonly id: number
  readonly name: string
}

const users = (count: number, mark = ''): User[] =>
  Array.from({ length: count }, (_, id) => ({ id, name: `user ${id}${mark}` }))

/** What snapshots must do, on every store and engine. */
export function snapshotContract(harness: SnapshotHarness): void {
  const { SnapshotReader, SnapshotWriter, writeSnapshot } = harness.api
  const check = (name: string, body: (t: TestContext) => Promise<void>): void => {
    test(`snapshot on ${harness.name}: ${name}`, body)
  }

  async function published(t: TestContext, count: number, shards = 4) {
    const { prefix, options } = await harness.open(t)
    const result = await writeSnapshot(users(count), {
      prefix,
      sharding: { shards },
      key: 'id',
      values: 'json',
      ...options,
    })
    return { prefix, options, result }
  }

  check('every record written is found, and nothing else', async (t) => {
    const { prefix, options, result } = await published(t, 2000)
    assert.equal(result.rowCount, 2000)
    assert.equal(result.shards.length, 4)
    assert.equal(
      result.shards.reduce((sum, shard) => sum + shard.rowCount, 0),
      2000,
    )
    const reader = await SnapshotReader.open({ prefix, values: 'json', ...options })
    t.after(() => reader.close())
    for (const id of [0, 1, 999, 1999])
      assert.deepEqual(await reader.get(id), { id, name: `user ${id}` })
    assert.equal(await reader.get(2000), undefined)
    assert.equal(await reader.get(2n ** 40n), undefined)
    const asked = [5, 1999n, 7777, 5]
    assert.deepEqual(await reader.getMany(asked), [
      { id: 5, name: 'user 5' },
      { id: 1999, name: 'user 1999' },
      undefined,
      { id: 5, name: 'user 5' },
    ])
  })

  check('scanIter merges all shards in key order', async (t) => {
    const { prefix, options } = await published(t, 3000, 5)
    const reader = await SnapshotReader.open({
      prefix,
      keys: 'decoded',
      values: jsonValues<User>(),
      ...options,
    })
    t.after(() => reader.close())
    const collect = async (...args: Parameters<typeof reader.scanIter>): Promise<bigint[]> => {
      const keys: bigint[] = []
      for await (const [key, value] of reader.scanIter(...args)) {
        assert.equal(value.id, Number(key))
        keys.push(key as bigint)
      }
      return keys
    }
    const from = (start: number, end: number): bigint[] =>
      Array.from({ length: end - start }, (_, i) => BigInt(start + i))
    assert.deepEqual(await collect(), from(0, 3000))
    assert.deepEqual(await collect({ start: 100, end: 200 }), from(100, 200))
    assert.deepEqual(await collect({ start: 100 }, { limit: 10, chunkSize: 3 }), from(100, 110))
    assert.deepEqual(await collect({ end: 100 }, { reverse: true, limit: 4 }), [99n, 98n, 97n, 96n])
    const unordered = await collect({}, { ordered: false })
    assert.deepEqual(
      [...unordered].sort((a, b) => Number(a - b)),
      from(0, 3000),
    )
    assert.equal((await collect({}, { ordered: false, limit: 7 })).length, 7)
  })

  check('more shards than may be open are still read whole', async (t) => {
    const { prefix, options } = await published(t, 1000, 12)
    const reader = await SnapshotReader.open({
      prefix,
      maxOpenShards: 2,
      keys: 'decoded',
      ...options,
    })
    t.after(() => reader.close())
    const keys: unknown[] = []
    for await (const [key] of reader.scanIter({}, { chunkSize: 64 })) {
      keys.push(key)
      // A lookup in the middle of a scan must find a place.
      if (keys.length % 250 === 0)
        assert.ok((await reader.get(keys.length)) !== undefined || keys.length === 1000)
    }
    assert.deepEqual(
      keys,
      Array.from({ length: 1000 }, (_, i) => BigInt(i)),
    )
    const values = await reader.getMany(Array.from({ length: 1000 }, (_, i) => i))
    assert.ok(values.every((value) => value !== undefined))
  })

  check('info, shards, shardFor and health tell about the snapshot', async (t) => {
    const { prefix, options, result } = await published(t, 100, 3)
    const reader = await SnapshotReader.open({ prefix, ...options })
    const info = reader.info()
    assert.equal(info.runId, result.runId)
    assert.equal(info.rowCount, 100)
    assert.equal(info.shards, 3)
    assert.equal(info.sharding, 'hash')
    assert.equal(info.keyEncoding, 'u64be')
    assert.equal(info.manifestRef, result.manifestRef)
    const shards = reader.shards()
    assert.equal(
      shards.reduce((sum, shard) => sum + shard.rowCount, 0),
      100,
    )
    const shard = reader.shardFor(7)
    assert.ok(shards.some((detail) => detail.id === shard.id))
    assert.ok(BigInt(shard.minKey ?? 0) <= 7n && 7n <= BigInt(shard.maxKey ?? 0))
    assert.equal(reader.health().status, 'healthy')
    assert.equal(reader.health({ stalenessThresholdMs: -1 }).status, 'degraded')
    await reader.close()
    assert.deepEqual(reader.health(), {
      status: 'unhealthy',
      reason: 'this reader is closed',
      manifestRef: '',
      ageMs: 0,
      shards: 0,
      isClosed: true,
    })
  })

  check('refresh moves to the next snapshot; a scan in flight keeps its own', async (t) => {
    const { prefix, options } = await published(t, 500)
    const reader = await SnapshotReader.open({ prefix, values: jsonValues<User>(), ...options })
    t.after(() => reader.close())
    assert.equal(await reader.refresh(), false)
    const scan = reader.scanIter({}, { chunkSize: 10 })
    await scan.next()
    await writeSnapshot(users(600, ' again'), {
      prefix,
      sharding: { shards: 2 },
      key: 'id',
      values: 'json',
      ...options,
    })
    assert.deepEqual(await reader.get(3), { id: 3, name: 'user 3' })
    assert.equal(await reader.refresh(), true)
    assert.equal(reader.info().shards, 2)
    assert.deepEqual(await reader.get(3), { id: 3, name: 'user 3 again' })
    let seen = 1
    for await (const [, user] of scan) {
      assert.equal(user.name, `user ${user.id}`)
      seen++
    }
    assert.equal(seen, 500)
    assert.equal(await reader.refresh(), false)
  })

  check('all key types and encodings', async (t) => {
    const cases = [
      { keyEncoding: 'u64be', keys: [0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n] },
      { keyEncoding: 'u32be', keys: [0, 1, 2 ** 32 - 1] },
      { keyEncoding: 'utf8', keys: ['a', 'naïve', '日本', '😀', 'x'.repeat(300)] },
      {
        keyEncoding: 'raw',
        keys: [Uint8Array.of(0), Uint8Array.of(0xff, 0, 0xff), new Uint8Array(200).fill(9)],
      },
    ] as const
    for (const { keyEncoding, keys } of cases) {
      const { prefix, options } = await harness.open(t)
      const pairs = keys.map((key, i) => [key, `value ${i}`] as const)
      await writeSnapshot(pairs, {
        prefix,
        sharding: { shards: 3 },
        keyEncoding,
        values: 'utf8',
        ...options,
      })
      const reader = await SnapshotReader.open({
        prefix,
        keys: 'decoded',
        values: 'utf8',
        ...options,
      })
      assert.equal(reader.keyEncoding, keyEncoding)
      for (const [key, value] of pairs) assert.equal(await reader.get(key), value)
      const scanned: unknown[] = []
      for await (const [key] of reader.scanIter()) scanned.push(typeof key === 'bigint' ? key : key)
      assert.equal(scanned.length, keys.length)
      await reader.close()
    }
  })

  check('records may come from generators, async generators, Maps and pairs', async (t) => {
    async function* stream(): AsyncGenerator<User> {
      for (const user of users(50)) yield user
    }
    function* generate(): Generator<User> {
      yield* users(50)
    }
    for (const records of [stream(), generate(), users(50)]) {
      const { prefix, options } = await harness.open(t)
      const result = await writeSnapshot<User, 'utf8'>(records, {
        prefix,
        sharding: { shards: 2 },
        key: (user) => user.id,
        value: (user) => user.name,
        values: 'utf8',
        ...options,
      })
      assert.equal(result.rowCount, 50)
    }
    const { prefix, options } = await harness.open(t)
    await writeSnapshot(new Map([['a', Uint8Array.of(1)]]), {
      prefix,
      sharding: { maxKeysPerShard: 1 },
      keyEncoding: 'utf8',
      ...options,
    })
    const reader = await SnapshotReader.open({ prefix, ...options })
    t.after(() => reader.close())
    assert.deepEqual(await reader.get('a'), Uint8Array.of(1))
  })

  check('no records make a valid, empty snapshot', async (t) => {
    const { prefix, options, result } = await published(t, 0, 3)
    assert.equal(result.rowCount, 0)
    const reader = await SnapshotReader.open({ prefix, ...options })
    t.after(() => reader.close())
    assert.equal(await reader.get(1), undefined)
    assert.deepEqual(await reader.getMany([1, 2]), [undefined, undefined])
    for await (const entry of reader.scanIter()) assert.fail(`found ${entry.length}`)
    assert.deepEqual(
      reader.shards().map((shard) => shard.url),
      [undefined, undefined, undefined],
    )
  })

  check('a writer left without publish shows nothing to readers', async (t) => {
    const { prefix, options } = await published(t, 10)
    const writer = await SnapshotWriter.open({
      prefix,
      sharding: { shards: 2 },
      maxBatchEntries: 1,
      ...options,
    })
    for (let i = 0; i < 100; i++) await writer.put(i, Uint8Array.of(9))
    await writer.close()
    await writer.close()
    const reader = await SnapshotReader.open({ prefix, values: 'json', ...options })
    t.after(() => reader.close())
    assert.deepEqual(await reader.get(3), { id: 3, name: 'user 3' })
    await rejectsWith('SHARD_CLOSED', /closed/, () => writer.put(1, Uint8Array.of(1)))
    await rejectsWith('SHARD_CLOSED', /closed/, () => writer.publish())
  })

  check('a failing record fails the build, says where, and publishes nothing', async (t) => {
    const { prefix, options } = await harness.open(t)
    const bad: { id: number }[] = [{ id: 1 }, { id: 2 }, { id: -5 }]
    const error = await rejectsWith('SHARD_INVALID_KEY', /record 2: .*-5/, () =>
      writeSnapshot(bad, {
        prefix,
        sharding: { shards: 2 },
        key: 'id',
        values: 'json',
        ...options,
      }),
    )
    assert.equal(error.details['record'], 2)
    await rejectsWith('SHARD_NOT_FOUND', /_CURRENT|publish/, () =>
      SnapshotReader.open({ prefix, ...options }),
    )
  })

  check('an aborted build publishes nothing and rejects with the reason', async (t) => {
    const { prefix, options } = await harness.open(t)
    const stop = new AbortController()
    const reason = new Error('enough')
    function* endless(): Generator<User> {
      for (let id = 0; ; id++) {
        if (id === 5000) stop.abort(reason)
        yield { id, name: 'x' }
      }
    }
    await assert.rejects(
      () =>
        writeSnapshot(endless(), {
          prefix,
          sharding: { shards: 2 },
          key: 'id',
          values: 'json',
          ...options,
          signal: stop.signal,
        }),
      reason,
    )
    await rejectsWith('SHARD_NOT_FOUND', /./, () => SnapshotReader.open({ prefix, ...options }))
  })

  check('progress is told from writing to done', async (t) => {
    const { prefix, options } = await harness.open(t)
    const told: BuildProgress[] = []
    await writeSnapshot(users(3000), {
      prefix,
      sharding: { shards: 3 },
      key: 'id',
      values: 'json',
      onProgress: (progress) => told.push(progress),
      ...options,
    })
    const phases = [...new Set(told.map((progress) => progress.phase))]
    assert.deepEqual(
      phases.filter((phase) => phase !== 'writing'),
      ['sealing', 'publishing', 'done'],
    )
    const last = told.at(-1)
    assert.equal(last?.rows, 3000)
    assert.equal(last?.shardsSealed, 3)
  })

  check('a closed reader refuses every call, twice closed is fine', async (t) => {
    const { prefix, options } = await published(t, 10)
    const reader = await SnapshotReader.open({ prefix, ...options })
    const scan = reader.scanIter()
    await Promise.all([reader.close(), reader.close()])
    for (const call of [
      () => reader.get(1),
      () => reader.getMany([1]),
      () => reader.scanIter(),
      () => reader.refresh(),
      () => reader.info(),
      () => reader.shards(),
      () => reader.shardFor(1),
      () => scan.next(),
    ]) {
      await rejectsWith('SHARD_CLOSED', /closed/, call)
    }
  })

  check('CEL: categorical over a column, direct over the key', async (t) => {
    const { prefix, options } = await harness.open(t)
    const rows = [
      { id: 1, region: 'eu' },
      { id: 2, region: 'us' },
      { id: 3, region: 'eu' },
    ]
    await writeSnapshot(rows, {
      prefix,
      sharding: { cel: 'region', columns: { region: 'string' }, values: ['eu', 'us', 'asia'] },
      key: 'id',
      values: 'json',
      ...options,
    })
    const reader = await SnapshotReader.open({ prefix, values: 'json', ...options })
    t.after(() => reader.close())
    assert.deepEqual(await reader.get(2, { context: { region: 'us' } }), rows[1])
    assert.equal(await reader.get(2, { context: { region: 'eu' } }), undefined)
    assert.equal(await reader.get(2, { context: { region: 'mars' } }), undefined)
    await rejectsWith('SHARD_ROUTING', /context/, () => reader.get(2))
    assert.equal(reader.info().sharding, 'cel')

    const direct = await harness.open(t)
    await writeSnapshot(users(100), {
      prefix: direct.prefix,
      sharding: celShardingByColumns({ key: 'int' }, { shards: 4 }),
      key: 'id',
      values: 'json',
      ...direct.options,
    })
    const second = await SnapshotReader.open({
      prefix: direct.prefix,
      values: 'json',
      ...direct.options,
    })
    t.after(() => second.close())
    assert.equal(second.info().shards, 4)
    for (const user of users(100)) assert.deepEqual(await second.get(user.id), user)
  })
}
