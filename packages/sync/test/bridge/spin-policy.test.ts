import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpinPolicy } from '#dist/bridge/spin-policy.js'

/** Runs calls whose latency (ms) depends on whether they spin; gives the share of the last quarter that did. */
function share(policy: SpinPolicy, calls: number, spinning: number, sleeping: number): number {
  let spun = 0
  for (let i = 0; i < calls; i++) {
    const spin = policy.next()
    policy.done(spin ? spinning : sleeping)
    if (spin && i >= calls * 0.75) spun++
  }
  return spun / (calls * 0.25)
}

test('it spins where that is much faster', () => {
  assert.ok(share(new SpinPolicy(true), 1000, 0.001, 0.02) > 0.9)
})

test('it does not where both threads share a core, or where little is won', () => {
  assert.ok(share(new SpinPolicy(true), 1000, 0.07, 0.012) < 0.1)
  assert.ok(share(new SpinPolicy(true), 1000, 0.01, 0.012) < 0.1)
})

test('it notices within some hundred calls that the core it had is taken', () => {
  const policy = new SpinPolicy(true)
  share(policy, 100_000, 0.001, 0.02)
  assert.ok(share(policy, 400, 0.07, 0.012) < 0.2)
})

test('it notices, later, that a core has become free', () => {
  const policy = new SpinPolicy(true)
  share(policy, 2000, 0.07, 0.012)
  assert.ok(share(policy, 40_000, 0.001, 0.012) > 0.9)
})

test('trials get rare when nothing changes', () => {
  const policy = new SpinPolicy(true)
  share(policy, 100_000, 0.07, 0.012)
  assert.ok(share(policy, 100_000, 0.07, 0.012) < 0.005)
})

test('with one core it never spins', () => {
  assert.equal(share(new SpinPolicy(false), 1000, 0.001, 0.02), 0)
})
