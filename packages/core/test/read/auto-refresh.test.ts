import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type AutoRefresh, SnapshotReader } from '@shardyfusion/core'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'

interface Following {
  readonly reader: SnapshotReader<string>
  readonly moves: string[]
  readonly errors: unknown[]
  /** Lets the time pass, and the refreshes it starts end. */
  pass(ms: number): Promise<void>
}

async function follow(
  t: TestContext,
  place: Place,
  options: Partial<AutoRefresh> = {},
): Promise<Following> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const moves: string[] = []
  const errors: unknown[] = []
  const reader = await SnapshotReader.open({
    ...place,
    values: 'utf8',
    autoRefresh: {
      everyMs: 1_000,
      jitter: 0,
      onMove: ({ runId }) => void moves.push(runId),
      onError: (error) => void errors.push(error),
      ...options,
    },
  })
  t.after(() => reader.close())
  const pass = async (ms: number): Promise<void> => {
    t.mock.timers.tick(ms)
    // A refresh of a store in memory takes a few turns of the event loop.
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  return { reader, moves, errors, pass }
}

test('a reader follows publications, and stops with close', async (t) => {
  const place = memoryPlace()
  await publishRows(place, 'first')
  const { reader, moves, errors, pass } = await follow(t, place)
  await pass(1_000)
  assert.deepEqual(moves, [])
  const second = await publishRows(place, 'second')
  await pass(999)
  assert.equal(await reader.get(1), 'first 1')
  await pass(1)
  assert.deepEqual(moves, [second.runId])
  assert.equal(await reader.get(1), 'second 1')
  const third = await publishRows(place, 'third')
  await pass(1_000)
  assert.deepEqual(moves, [second.runId, third.runId])
  await reader.close()
  await publishRows(place, 'fourth')
  await pass(10_000)
  assert.deepEqual([moves.length, errors], [2, []])
})

test('failures are reported, and each doubles the wait, up to eight times', async (t) => {
  const place = memoryPlace()
  await publishRows(place, 'first')
  const { reader, moves, errors, pass } = await follow(t, place)
  await place.objects.delete(`${place.prefix}/_CURRENT`)
  const waits = [1_000, 2_000, 4_000, 8_000, 8_000]
  for (const [i, ms] of waits.entries()) {
    await pass(ms - 1)
    assert.equal(errors.length, i)
    await pass(1)
    assert.equal(errors.length, i + 1)
  }
  assert.match((errors[0] as Error).message, /no longer exists; the open snapshot stays/)
  const next = await publishRows(place, 'next')
  await pass(8_000)
  assert.deepEqual(moves, [next.runId])
  await publishRows(place, 'last')
  await pass(1_000)
  assert.equal(await reader.get(1), 'last 1')
})

test('a malformed manifest is reported once, until it changes', async (t) => {
  const place = memoryPlace()
  await publishRows(place, 'first')
  const { reader, errors, pass } = await follow(t, place)
  const broken = await publishRows(place, 'broken')
  await place.objects.put(broken.manifestRef, new TextEncoder().encode('not a manifest'))
  await pass(1_000)
  await pass(1_000)
  assert.equal(errors.length, 1)
  assert.equal((errors[0] as { code: string }).code, 'SHARD_MANIFEST')
  assert.equal(reader.health().status, 'degraded')
})

test('jitter spreads the waits around the interval', async (t) => {
  const place = memoryPlace()
  await publishRows(place, 'first')
  t.mock.method(Math, 'random', () => 0)
  const { moves, pass } = await follow(t, place, { jitter: 0.5 })
  await publishRows(place, 'second')
  await pass(499)
  assert.equal(moves.length, 0)
  await pass(1)
  assert.equal(moves.length, 1)
})

test('wrong options are refused by name', async () => {
  const place = memoryPlace()
  const { runId } = await publishRows(place, 'first')
  const cases: [object, RegExp][] = [
    [{ everyMs: 0 }, /autoRefresh\.everyMs must be an integer of 1 or more \(milliseconds\)/],
    [{ everyMs: 2 ** 31 }, /autoRefresh\.everyMs must be at most 2147483647 \(milliseconds\)/],
    [{ everyMs: 1, jitter: 2 }, /autoRefresh\.jitter must be a number from 0 to 1/],
    [{ everyMs: 1, onMove: 1 }, /autoRefresh\.onMove must be a function/],
    [{ everyMs: 1, every: 1 }, /autoRefresh.*every/],
  ]
  for (const [autoRefresh, message] of cases) {
    const options = { ...place, autoRefresh: autoRefresh as AutoRefresh }
    await assert.rejects(SnapshotReader.open(options), { code: 'SHARD_INVALID_OPTION', message })
  }
  await assert.rejects(SnapshotReader.open({ ...place, runId, autoRefresh: { everyMs: 1 } }), {
    code: 'SHARD_INVALID_OPTION',
    message: /autoRefresh is for readers that follow the pointer/,
  })
})
