import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Entry, memoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { EntryChunk, packEntries } from '@shardyfusion/core/extend'
import {
  formatAttemptResult,
  formatSnapshotPlan,
  parseAttemptResult,
  parseSnapshotPlan,
  type PlanOptions,
  planSnapshot,
  publishSnapshot,
  readEntryFrames,
  type ShardAttemptResult,
  type SnapshotPlan,
  writeShardAttempt,
} from '@shardyfusion/core/tasks'
import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
import { encodeKey } from '#dist/keys/stored-bytes.js'
import { HashRouter } from '#dist/routing/hash-router.js'
import { objectEngine } from '../support/object-engine.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'

trapUnhandledRejections()

const SHARDS = 4
const router = new HashRouter({ strategy: 'hash', hashAlgorithm: 'xxh3_64' }, SHARDS)
const text = (value: string): Uint8Array => Buffer.from(value)

/** The rows of one shard, as a cluster would have put them together. */
function rowsOf(shard: number, mark = 'row', count = 400): EntryChunk {
  const entries: Entry[] = []
  for (let i = 0; i < count; i++) {
    if (router.route(i) === shard)
      entries.push([encodeKey(i, 'u64be', 'test'), text(`${mark} ${i}`)])
  }
  return packEntries(entries)
}

let places = 0

/** A place of its own for one build of tasks, and the build in steps. */
async function begin(options: Partial<PlanOptions> = {}) {
  const prefix = `memory://tasks-${places++}/snapshots`
  const around = { engine: objectEngine() }
  const made = await planSnapshot({ prefix, sharding: { shards: SHARDS }, ...around, ...options })
  // As it would travel to another process.
  const plan = parseSnapshotPlan(formatSnapshotPlan(made))
  assert.deepEqual(plan, JSON.parse(JSON.stringify(made)))
  const write = async (
    shard: number,
    rows: Iterable<EntryChunk> | AsyncIterable<EntryChunk> = [rowsOf(shard)],
    more: object = {},
  ): Promise<ShardAttemptResult> => {
    const result = await writeShardAttempt(plan, shard, rows, { ...around, ...more })
    return parseAttemptResult(formatAttemptResult(result))
  }
  const publish = (
    results: readonly ShardAttemptResult[],
    of: SnapshotPlan = plan,
    more: { allowEmpty?: boolean } = {},
  ) => publishSnapshot(of, results, { ...around, ...more })
  const read = async (): Promise<string[]> => {
    await using reader = await SnapshotReader.open({ prefix, ...around })
    const values: string[] = []
    for await (const [, value] of reader.scanIter()) values.push(Buffer.from(value).toString())
    return values
  }
  const objects = async (): Promise<string[]> => {
    const store = memoryStore(prefix.slice('memory://'.length).split('/')[0]!)
    const urls: string[] = []
    for await (const { url } of store.list(`${prefix}/shards`)) urls.push(url)
    return urls
  }
  return { prefix, plan, write, publish, read, objects, around }
}

const all = Array.from({ length: SHARDS }, (_, shard) => shard)
const expected = Array.from({ length: 400 }, (_, i) => `row ${i}`)

test('tasks: attempts written anywhere make the snapshot one process would have written', async () => {
  const build = await begin()
  const results = await Promise.all(all.map((shard) => build.write(shard)))
  const published = await build.publish(results.toReversed())
  assert.equal(published.rowCount, 400)
  assert.equal(published.alreadyPublished, false)
  assert.equal(published.losersRemoved, 0)
  assert.deepEqual(await build.read(), expected)
  const prefix = 'memory://tasks-whole/snapshots'
  const whole = await writeSnapshot(
    expected.map((value, i) => [i, value] as const),
    { prefix, sharding: { shards: SHARDS }, values: 'utf8', ...build.around },
  )
  const facts = ({ id, rowCount, minKey, maxKey }: (typeof whole.shards)[number]) => ({
    id,
    rowCount,
    minKey,
    maxKey,
  })
  assert.deepEqual(published.shards.map(facts), whole.shards.map(facts))
  const registry = new ObjectRunRegistry(memoryStore(build.prefix.split('/')[2]!), build.prefix)
  const record = await registry.load(build.plan.runRecordRef)
  assert.equal(record.status, 'succeeded')
  assert.equal(record.manifestRef, published.manifestRef)
})

test('tasks: two attempts with the same number at the same time never share a URL, and one of them wins', async () => {
  const build = await begin()
  const twice = await Promise.all(
    [7, 8, 9].map((taskAttemptId) => build.write(0, undefined, { attempt: 1, taskAttemptId })),
  )
  assert.equal(new Set(twice.map(({ url }) => url)).size, 3)
  const rest = await Promise.all(all.slice(1).map((shard) => build.write(shard)))
  const { shards, losersRemoved } = await build.publish([...twice, ...rest])
  assert.equal(losersRemoved, 2)
  assert.equal(shards[0]!.attempt, 1)
  const winner = twice.find(({ attempt }) => attempt === 1)!
  assert.equal(shards[0]!.url, winner.url)
  assert.equal(shards[0]!.writerInfo.taskAttemptId, winner.writerInfo.taskAttemptId)
  assert.deepEqual(await build.read(), expected)
  const left = (await build.objects()).filter((url) => url.includes('db=00000'))
  assert.ok(left.length > 0 && left.every((url) => url.startsWith(winner.url!)), left.join(' '))
})

test('tasks: an attempt that fails leaves nothing, and one that never reports is removed in the end', async () => {
  const build = await begin()
  async function* killed(): AsyncGenerator<EntryChunk> {
    yield rowsOf(0).slice(0, 10)
    throw new Error('the executor was lost')
  }
  await assert.rejects(() => build.write(0, killed()), /the executor was lost/)
  assert.deepEqual(await build.objects(), [])
  // Sealed, but its result was lost with whoever waited for it.
  await build.write(0)
  const results = await Promise.all(all.map((shard) => build.write(shard)))
  assert.equal(results[0]!.attempt, 1)
  assert.equal((await build.publish(results)).losersRemoved, 1)
  assert.deepEqual(await build.read(), expected)
})

test('tasks: a shard nobody reported is told from one without rows', async () => {
  const build = await begin()
  const empty = await build.write(2, [])
  assert.equal(empty.url, undefined)
  const others = await Promise.all([0, 1, 3].map((shard) => build.write(shard)))
  const error = await rejectsWith('SHARD_PUBLISH', /1 of 4 shards never reported a result: 2/, () =>
    build.publish(others),
  )
  assert.deepEqual(error.details['missing'], [2])
  await rejectsWith('SHARD_NOT_FOUND', /./, () => build.read())
  await build.publish([...others, empty])
  assert.deepEqual(
    await build.read(),
    expected.filter((_, i) => router.route(i) !== 2),
  )
})

test('tasks: a row of another shard is refused, unless the check is switched off', async () => {
  const build = await begin()
  const wrong = [rowsOf(0), rowsOf(1).slice(3, 4)]
  const error = await rejectsWith(
    'SHARD_ROUTING',
    /belongs to shard 1, but came with .* shard 0/,
    () => build.write(0, wrong),
  )
  assert.equal(error.details.peer, 'ShardAssignmentError')
  assert.deepEqual(await build.objects(), [])
  await build.write(0, wrong, { verifyRouting: false })
})

test('tasks: publishing again finds it done; results of another run are refused', async () => {
  const build = await begin()
  const results = await Promise.all(all.map((shard) => build.write(shard)))
  const first = await build.publish(results)
  const again = await build.publish(results)
  assert.equal(again.alreadyPublished, true)
  assert.equal(again.manifestRef, first.manifestRef)
  assert.equal(again.rowCount, 400)
  const other = await planSnapshot({
    prefix: build.prefix,
    sharding: { shards: SHARDS },
    ...build.around,
  })
  await rejectsWith('SHARD_INVALID_OPTION', /a result must be of this run and prefix/, () =>
    build.publish(results, other),
  )
  assert.deepEqual(await build.read(), expected)
})

test('tasks: two publications at once with different attempts leave a snapshot that can be read', async () => {
  for (let round = 0; round < 20; round++) {
    const build = await begin()
    const first = await Promise.all(all.map((shard) => build.write(shard)))
    const second = await Promise.all(all.map((shard) => build.write(shard)))
    const outcomes = await Promise.allSettled([build.publish(first), build.publish(second)])
    const done = outcomes.filter(({ status }) => status === 'fulfilled')
    assert.ok(done.length > 0)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        assert.match(String(outcome.reason), /removed by another publication/)
    }
    assert.deepEqual(await build.read(), expected)
  }
})

test('tasks: a plan keeps categorical values exact, and refuses what no cluster could build', async () => {
  const big = 2n ** 60n + 1n
  const made = await planSnapshot({
    prefix: `memory://tasks-${places++}/snapshots`,
    sharding: { cel: 'region', columns: { region: 'int' }, values: [1n, 2n, big] },
    custom: { total: big },
  })
  assert.equal(made.shards, 3)
  assert.deepEqual(parseSnapshotPlan(formatSnapshotPlan(made)), made)
  const plans = (options: object) =>
    planSnapshot({ prefix: 'memory://x/y', ...options } as PlanOptions)
  await rejectsWith('SHARD_INVALID_OPTION', /must determine the number of shards/, () =>
    plans({ sharding: { cel: 'shard_hash(key) % 4u', columns: { key: 'int' } } }),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /unknown option "shard"/, () => plans({ shard: 3 }))
  const broken = formatSnapshotPlan(made).replace('"shards":3', '"shards":4')
  await rejectsWith('SHARD_INVALID_OPTION', /has 4 shards, but its sharding makes 3/, () =>
    parseSnapshotPlan(broken),
  )
})

/** Rows as frames, cut into pieces wherever the sizes say. */
async function* frames(rows: readonly Entry[], cuts: readonly number[], end = true) {
  const parts: Buffer[] = []
  const header = (key: bigint, value: bigint): void => {
    const bytes = Buffer.alloc(16)
    bytes.writeBigUInt64LE(key)
    bytes.writeBigUInt64LE(value, 8)
    parts.push(bytes)
  }
  for (const [key, value] of rows) {
    header(BigInt(key.length), BigInt(value.length))
    parts.push(Buffer.from(key), Buffer.from(value))
  }
  if (end) header(2n ** 64n - 1n, BigInt(rows.length))
  const whole = Buffer.concat(parts)
  let at = 0
  for (let i = 0; at < whole.length; i++) {
    const size = cuts[i % cuts.length]!
    yield whole.subarray(at, at + size)
    at += size
  }
}

const collect = async (stream: AsyncIterable<Uint8Array>): Promise<Entry[]> => {
  const rows: Entry[] = []
  for await (const chunk of readEntryFrames(stream))
    rows.push(...EntryChunk.fromBuffer(chunk.buffer))
  return rows
}

test('readEntryFrames: gives the rows back wherever the pipe cuts them', async () => {
  const bytes = fc.uint8Array({ maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(bytes, bytes), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 5 }),
      async (rows, cuts) => {
        assert.deepEqual(await collect(frames(rows, cuts)), rows)
      },
    ),
    { numRuns: 200 },
  )
  const large = new Uint8Array(20_000_000).fill(3)
  const [row] = await collect(frames([[text('k'), large]], [65_536]))
  assert.equal(Buffer.compare(row![1], large), 0)
})

test('readEntryFrames: a stream that stops between two rows is not taken for a whole one', async () => {
  const rows: Entry[] = [
    [text('a'), text('1')],
    [text('b'), text('2')],
  ]
  const fails = (stream: AsyncIterable<Uint8Array>, message: RegExp) =>
    rejectsWith('SHARD_INVALID_VALUE', message, () => collect(stream))
  await fails(frames(rows, [1000], false), /ends without an end frame, after 2 rows/)
  await fails(frames([], [1000], false), /ends without an end frame, after 0 rows/)
  async function* more() {
    yield* frames(rows, [1000])
    yield text('x')
  }
  await fails(more(), /continues after its end/)
  async function* fewer() {
    for await (const piece of frames(rows, [1000])) yield piece.subarray(18)
  }
  await fails(fewer(), /announces 2 rows, but has 1/)
  async function* noFrames() {
    yield text('{"key":1,"value":"this is JSON and no frames"}')
  }
  await fails(noFrames(), /row 0 has an impossible length/)
})

test('tasks: rows that are not chunks are refused, and leave nothing', async () => {
  const build = await begin()
  const pairs = [[encodeKey(1, 'u64be', 'test'), text('row')]] as unknown as EntryChunk[]
  const refused = { code: 'SHARD_INVALID_VALUE', message: /expected an EntryChunk.*packEntries/ }
  await assert.rejects(build.write(0, pairs), refused)
  await assert.rejects(build.write(0, [new Map()] as unknown as EntryChunk[]), refused)
  assert.deepEqual(await build.objects(), [])
})

test('tasks: results without any rows are published only with allowEmpty', async () => {
  const build = await begin()
  const results = await Promise.all(all.map((shard) => build.write(shard, [])))
  const refused = { code: 'SHARD_PUBLISH', message: /all 4 reported 0.*allowEmpty/s }
  await assert.rejects(build.publish(results), refused)
  const published = await build.publish(results, build.plan, { allowEmpty: true })
  assert.equal(published.rowCount, 0)
  assert.deepEqual(await build.read(), [])
})
