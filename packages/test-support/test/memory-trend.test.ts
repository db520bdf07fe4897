import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryTrend } from '@shardyfusion/test-support/memory-trend'

const KIB = 1024
const PER_ROUND = 50

/** The trend of rounds in which work is done many times. */
async function trendOf(work: (round: number) => void): Promise<MemoryTrend> {
  const trend = new MemoryTrend()
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < PER_ROUND; i++) work(round)
    await trend.read()
  }
  return trend
}

test('MemoryTrend: 10 KiB of heap or buffer kept each time are found', async () => {
  for (const make of [() => new Uint8Array(10 * KIB), () => Array<unknown>(1280).fill(null)]) {
    const kept: unknown[] = []
    const trend = await trendOf(() => kept.push(make()))
    const { heap } = trend.growth()
    assert.ok(heap > 0.5 * 3 * PER_ROUND * 10 * KIB, `${heap} bytes`)
    assert.throws(() => trend.assertNoGrowth({ heap: 500 * KIB, resident: Infinity }), /heap grew/)
    assert.equal(kept.length, 12 * PER_ROUND)
  }
})

test('MemoryTrend: garbage is no growth, nor is what is kept once', async () => {
  const kept: unknown[] = []
  const trend = await trendOf((round) => {
    const some = new Uint8Array(10 * KIB)
    if (round === 5) kept.push(some)
  })
  trend.assertNoGrowth({ heap: 100 * KIB, resident: 8 * KIB * KIB })
  assert.equal(kept.length, PER_ROUND)
})

test('MemoryTrend: too few readings are refused', async () => {
  const trend = new MemoryTrend()
  for (let i = 0; i < 7; i++) await trend.read()
  assert.throws(() => trend.growth(), /7 readings/)
})
