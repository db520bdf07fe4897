import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineReader } from '@shardyfusion/core/extend'
import { ShardyfusionError } from '@shardyfusion/core'
import { FailedShards } from '#dist/read/session/failed-shards.js'
import { ShardPool } from '#dist/read/session/shard-pool.js'

const damaged = (): ShardyfusionError =>
  new ShardyfusionError('SHARD_ENGINE', 'shard 3 is damaged', { details: { kind: 'Data' } })
const interrupted = (): ShardyfusionError =>
  new ShardyfusionError('SHARD_ENGINE', 'stopped for another', {
    retryable: true,
    details: { stopped: true },
  })
const stopped = (): ShardyfusionError =>
  new ShardyfusionError('SHARD_ENGINE', 'stopped', { details: { stopped: true } })

/** A pool whose shards fail to open, or to be used, with the errors given, one after the other. */
function failingPool(o: { opening?: (Error | undefined)[]; using?: (Error | undefined)[] }) {
  const counts = { opened: 0, closed: 0 }
  const pool = new ShardPool<number>({
    maxOpen: 2,
    waitTimeoutMs: 1000,
    open: async () => {
      const error = o.opening?.[counts.opened]
      counts.opened++
      if (error !== undefined) throw error
      return {
        getMany: async () => [],
        scan: () => assert.fail('not scanned here'),
        close: async () => void counts.closed++,
      } satisfies EngineReader
    },
  })
  let uses = 0
  const use = (shard: number): Promise<string> =>
    pool.use(shard, async () => {
      const error = o.using?.[uses++]
      if (error !== undefined) throw error
      return 'read'
    })
  return { pool, counts, use, uses: () => uses }
}

test('a shard that cannot be opened is opened once, and fails with the same error until it is forgotten', async () => {
  const { pool, counts, use } = failingPool({ opening: [damaged(), undefined] })
  await assert.rejects(use(3), { message: 'shard 3 is damaged' })
  for (let i = 0; i < 20; i++) {
    await assert.rejects(use(3), {
      code: 'SHARD_ENGINE',
      message: /^shard 3 is damaged \(the shard failed before/,
    })
  }
  assert.equal(counts.opened, 1)
  pool.forget()
  assert.equal(await use(3), 'read')
  assert.equal(counts.opened, 2)
  await pool.close()
})

test('a shard that failed does not stay remembered once its snapshot is released', async () => {
  const { pool, use } = failingPool({ opening: [damaged(), undefined] })
  await assert.rejects(use(3))
  await pool.release([3])
  assert.equal(await use(3), 'read')
  await pool.close()
})

test('other errors of opening are not remembered', async () => {
  const missing = new ShardyfusionError('SHARD_NOT_FOUND', 'none')
  const busy = new ShardyfusionError('SHARD_ENGINE', 'later', { retryable: true })
  const { pool, counts, use } = failingPool({ opening: [missing, busy, undefined] })
  await assert.rejects(use(3), missing)
  await assert.rejects(use(3), busy)
  assert.equal(await use(3), 'read')
  assert.equal(counts.opened, 3)
  await pool.close()
})

test('damaged data under a call leave the shard open: other keys are read without another opening', async () => {
  const { pool, counts, use } = failingPool({ using: [damaged(), damaged(), undefined] })
  await assert.rejects(use(1))
  await assert.rejects(use(1))
  assert.equal(await use(1), 'read')
  assert.deepEqual(counts, { opened: 1, closed: 0 })
  await pool.close()
})

test('a call is run again when other shards stop the engine, several times', async () => {
  const { pool, use, uses } = failingPool({ using: [interrupted(), interrupted(), interrupted()] })
  assert.equal(await use(1), 'read')
  assert.equal(uses(), 4)
  await pool.close()
})

test('a call gives up when engines are stopped without end', async () => {
  const { pool, use, uses } = failingPool({ using: Array.from({ length: 100 }, interrupted) })
  await assert.rejects(use(1), { retryable: true })
  assert.ok(uses() < 20, `${uses()} times`)
  await pool.close()
})

test('a shard that stops the engine twice is not read again for a while, and stops no third engine', async () => {
  const { pool, use, uses } = failingPool({ using: [stopped(), stopped(), undefined] })
  await assert.rejects(use(1), { message: 'stopped' })
  await assert.rejects(use(1), { message: /^stopped \(the shard failed before/ })
  assert.equal(uses(), 2)
  assert.equal(await use(2), 'read')
  pool.forget()
  assert.equal(await use(1), 'read')
  await pool.close()
})

test('a failure is forgotten after ten seconds', () => {
  let now = 0
  const failed = new FailedShards<string>(() => now)
  failed.remember('a', damaged())
  now = 9_999
  assert.throws(() => failed.check('a'), /retried in 1 s/)
  now = 10_000
  failed.check('a')
})
