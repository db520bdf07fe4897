import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import type { EngineReader } from '@shardyfusion/core/extend'
import { ShardPool } from '#dist/read/session/shard-pool.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { rejectsWith } from '@shardyfusion/test-support/throws'

interface FakeReader extends EngineReader {
  readonly shard: number
  readonly closed: boolean
}

/** Readers that only know whether they are open, and how many of them are. */
function shards(o: { openTurns?: number; closeTurns?: number } = {}) {
  const counts = { open: 0, most: 0, opened: 0 }
  const wait = async (turns = 0): Promise<void> => {
    for (let i = 0; i < turns; i++) await turn()
  }
  const open = async (shard: number): Promise<FakeReader> => {
    counts.open++
    counts.opened++
    counts.most = Math.max(counts.most, counts.open)
    await wait(o.openTurns)
    let closed = false
    return {
      shard,
      get closed() {
        return closed
      },
      getMany: async () => [],
      scan: () => assert.fail('not scanned here'),
      close: async () => {
        assert.equal(closed, false, 'closed twice')
        closed = true
        await wait(o.closeTurns)
        counts.open--
      },
    }
  }
  return { counts, open }
}

/** Uses the shard for some turns of the event loop, during which its reader must stay open. */
async function useFor(pool: ShardPool<number>, shard: number, turns: number): Promise<void> {
  await pool.use(shard, async (reader) => {
    for (let i = 0; i <= turns; i++) {
      assert.equal((reader as FakeReader).shard, shard)
      assert.equal((reader as FakeReader).closed, false, 'closed under a running call')
      if (i < turns) await turn()
    }
  })
}

for (const openTurns of [0, 1, 3]) {
  for (const closeTurns of [0, 1, 3]) {
    test(`opening in ${openTurns} and closing in ${closeTurns} turns: at most maxOpen, none closed in use`, async () => {
      for (const maxOpen of [1, 2, 3]) {
        const random = seededRandom(openTurns * 100 + closeTurns * 10 + maxOpen)
        const { counts, open } = shards({ openTurns, closeTurns })
        const pool = new ShardPool<number>({ maxOpen, waitTimeoutMs: 10_000, open })
        const lane = async (): Promise<void> => {
          for (let i = 0; i < 40; i++) {
            await useFor(pool, Math.floor(random() * 6), Math.floor(random() * 3))
          }
        }
        await Promise.all(Array.from({ length: 8 }, lane))
        assert.ok(counts.most <= maxOpen, `${counts.most} open`)
        await pool.close()
        assert.equal(counts.open, 0)
      }
    })
  }
}

test('an open that fails at once is tried again by the next call, and gives its place back', async () => {
  const { open } = shards()
  let failures = 2
  const pool = new ShardPool<number>({
    maxOpen: 1,
    waitTimeoutMs: 1000,
    open: async (shard) => {
      if (failures-- > 0) throw new Error(`no ${shard}`)
      return open(shard)
    },
  })
  await assert.rejects(() => useFor(pool, 1, 0), /no 1/)
  await assert.rejects(() => useFor(pool, 1, 0), /no 1/)
  await useFor(pool, 1, 0)
  await useFor(pool, 2, 0)
  await pool.close()
})

test('callers of a shard that is being opened share the one opening, and its failure', async () => {
  const { counts, open } = shards({ openTurns: 2 })
  const pool = new ShardPool<number>({ maxOpen: 4, waitTimeoutMs: 1000, open })
  await Promise.all(Array.from({ length: 50 }, () => useFor(pool, 7, 1)))
  assert.equal(counts.opened, 1)
  await pool.close()
})

test('calls in a tight loop on one shard do not hold up those on another', async () => {
  const { open } = shards()
  const pool = new ShardPool<number>({ maxOpen: 1, waitTimeoutMs: 1000, open })
  const served: number[] = []
  const loop = async (): Promise<void> => {
    while (!served.includes(2) && served.length < 1000) {
      await useFor(pool, 1, 0)
      served.push(1)
    }
  }
  const other = async (): Promise<void> => {
    await useFor(pool, 2, 0)
    served.push(2)
  }
  await Promise.all([loop(), other()])
  assert.ok(served.indexOf(2) < 100, `served after ${served.indexOf(2)} calls of the other`)
  await pool.close()
})

test('calls on one shard that overlap without a gap do not hold up those on another', async () => {
  for (const maxOpen of [1, 2, 3]) {
    const { counts, open } = shards()
    const pool = new ShardPool<number>({ maxOpen, waitTimeoutMs: 1000, open })
    let calls = 0
    let served = 0
    // Every call begins before the one before it ends, so that its shard is always in use.
    const busy = async (shard: number): Promise<void> => {
      let previous = useFor(pool, shard, 3)
      while (served < 2 && calls < 5000) {
        await turn()
        const next = useFor(pool, shard, 3)
        calls++
        await previous
        previous = next
      }
      await previous
    }
    const other = async (shard: number): Promise<void> => {
      await useFor(pool, shard, 0)
      served++
    }
    const lanes = Array.from({ length: maxOpen }, (_, shard) => busy(shard))
    await turn()
    await Promise.all([...lanes, other(100), other(101)])
    assert.ok(calls < 1000, `served after ${calls} calls of others`)
    assert.ok(counts.most <= maxOpen, `${counts.most} open`)
    await pool.close()
    assert.equal(counts.open, 0)
  }
})

test('who gives up waiting does not take the place of who still waits', async () => {
  const { open } = shards()
  const pool = new ShardPool<number>({ maxOpen: 1, waitTimeoutMs: 40, open })
  let release = (): void => {}
  const busy = pool.use(1, () => new Promise<void>((resolve) => (release = resolve)))
  const error = await rejectsWith(
    'SHARD_TIMEOUT',
    /all 1 open shards were busy for 40 ms; raise maxOpenShards/,
    () => useFor(pool, 2, 0),
  )
  assert.equal(error.details.peer, 'PoolExhaustedError')
  assert.equal(error.retryable, true)
  const waiting = useFor(pool, 3, 0)
  release()
  await Promise.all([busy, waiting])
  await pool.close()
})

test('a shard that fails to close is no concern of who needs its place', async () => {
  const { open } = shards()
  const pool = new ShardPool<number>({
    maxOpen: 1,
    waitTimeoutMs: 1000,
    open: async (shard) => {
      const reader = await open(shard)
      return { ...reader, shard, closed: false, close: () => Promise.reject(new Error('stuck')) }
    },
  })
  await useFor(pool, 1, 0)
  await useFor(pool, 2, 0)
  await assert.rejects(() => pool.close(), /stuck/)
})

test('closing waits for running calls, refuses waiting ones and all that come later', async () => {
  const { counts, open } = shards({ closeTurns: 2 })
  const pool = new ShardPool<number>({ maxOpen: 1, waitTimeoutMs: 1000, open })
  let ended = false
  const running = useFor(pool, 1, 5).then(() => (ended = true))
  const waiting = rejectsWith('SHARD_CLOSED', /reader is closed/, () => useFor(pool, 2, 0))
  await turn()
  await Promise.all([pool.close(), pool.close()])
  assert.equal(ended, true)
  assert.equal(counts.open, 0)
  await Promise.all([running, waiting])
  await rejectsWith('SHARD_CLOSED', /reader is closed/, () => useFor(pool, 1, 0))
})

test('shards that are let go are closed after their calls, and their places are used by others', async () => {
  const { counts, open } = shards({ closeTurns: 1 })
  const pool = new ShardPool<number>({ maxOpen: 2, waitTimeoutMs: 1000, open })
  await Promise.all([useFor(pool, 1, 0), useFor(pool, 2, 0)])
  const running = useFor(pool, 1, 4)
  const others = [useFor(pool, 3, 1), useFor(pool, 4, 1)]
  await pool.release([1, 2, 99])
  await Promise.all([running, ...others])
  assert.ok(counts.most <= 2)
  await pool.close()
  assert.equal(counts.open, 0)
})
