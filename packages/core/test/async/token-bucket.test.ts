import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Clock, TokenBucket } from '#dist/async/token-bucket.js'

/** A clock that only moves when somebody waits, by as much as the longest wait given. */
class FakeClock implements Clock {
  time = 0
  readonly waits: number[] = []
  now(): number {
    return this.time
  }
  async delay(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.waits.push(ms)
    this.time += ms
  }
}

test('TokenBucket: starts full, earns its rate, and saves up for one second at most', async () => {
  const clock = new FakeClock()
  const bucket = new TokenBucket(10, clock)
  assert.equal(bucket.take(10), undefined)
  clock.time += 500
  assert.equal(bucket.take(5), undefined)
  clock.time += 60_000
  assert.equal(bucket.take(10), undefined)
  await bucket.take(1)
  assert.deepEqual(clock.waits, [100])
})

test('TokenBucket: more than it ever holds is paid for by waiting, not refused and not for ever', async () => {
  const clock = new FakeClock()
  const bucket = new TokenBucket(10, clock)
  await bucket.take(1000)
  assert.equal(clock.time, 99_000)
  await bucket.take(5)
  assert.equal(clock.time, 99_500)
})

test('TokenBucket: a rate below one a second, and waits longer than timers take', async () => {
  const clock = new FakeClock()
  const bucket = new TokenBucket(0.001, clock)
  await bucket.take(1)
  assert.equal(clock.time, 999_000)
  await bucket.take(10_000_000)
  assert.ok(clock.waits.every((ms) => ms < 2 ** 31))
  assert.ok(Math.abs(clock.time - 999_000 - 10_000_000_000_000) < 1000)
})

test('TokenBucket: takers are served in the order they came in', async () => {
  const due: [number, () => void][] = []
  let time = 0
  const bucket = new TokenBucket(10, {
    now: () => time,
    delay: (ms) => new Promise((resolve) => due.push([time + ms, resolve])),
  })
  const served: string[] = []
  const take = async (name: string, amount: number): Promise<void> => {
    await bucket.take(amount)
    served.push(name)
  }
  const all = [take('first', 10), take('large', 100), take('small', 1), take('last', 1)]
  while (due.length > 0) {
    due.sort(([a], [b]) => a - b)
    const [at, wake] = due.shift()!
    time = at
    wake()
    await new Promise(setImmediate)
  }
  await Promise.all(all)
  assert.deepEqual(served, ['first', 'large', 'small', 'last'])
  assert.equal(time, 10_200)
})

test('TokenBucket: a taker that gives up leaves its tokens to the next', async () => {
  const clock = new FakeClock()
  const bucket = new TokenBucket(10, clock)
  const stop = new AbortController()
  stop.abort(new Error('enough'))
  await assert.rejects(async () => bucket.take(1000, stop.signal), /enough/)
  assert.equal(bucket.take(10), undefined)
})

test('TokenBucket: in any span no more is let through than the rate earns, and one burst', () =>
  fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0.5, max: 1e6, noNaN: true }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 2000 }))),
      async (rate, steps) => {
        const clock = new FakeClock()
        const bucket = new TokenBucket(rate, clock)
        let taken = 0
        for (const [amount, pause] of steps) {
          clock.time += pause
          await bucket.take(amount)
          taken += amount
          // A little for the rounding of waits and of doubles.
          const allowed = rate + (clock.time / 1000) * rate
          assert.ok(taken <= allowed * (1 + 1e-9) + 1e-6, `${taken} of ${allowed}`)
        }
      },
    ),
  ))
