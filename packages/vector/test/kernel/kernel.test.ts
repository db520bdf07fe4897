import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Batch } from '#dist/kernel/batch.js'
import type { Kernel, RowBlock } from '#dist/kernel/kernel.js'
import { LinearMemory } from '#dist/kernel/linear-memory.js'
import { makeKernel } from '#dist/kernel/load-kernel.js'
import { blockOf, kernels } from '../support/kernels.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'
import { bruteForce, gaussians, type Metric } from '../support/vectors.js'

const METRICS: readonly Metric[] = ['cosine', 'l2', 'dot_product']
function search(
  kernel: Kernel,
  block: RowBlock,
  queries: Float32Array,
  o: { metric: Metric; dimensions: number; capacity: number; allowed?: Uint8Array },
): { rows: number[]; distances: number[] }[] {
  const batch = new Batch(kernel, queries, o)
  const allowed = o.allowed === undefined ? undefined : kernel.reserve(o.allowed.length)
  if (allowed !== undefined) allowed.bytesView().set(o.allowed!)
  const part = { rowStart: 0, rowEnd: block.count, queryStart: 0, queryEnd: batch.count, allowed }
  kernel.scan(block, batch, part)
  const found = Array.from({ length: batch.count }, (_, q) => {
    const { rows, distances } = batch.best(q)
    return { rows: [...rows], distances: [...distances] }
  })
  batch.release()
  if (allowed !== undefined) kernel.release(allowed)
  return found
}

test('every kernel finds what float64 finds, for any shape and number of queries', async () => {
  const all = await kernels()
  assert.ok(all.length >= 2)
  const shapes = fc.record({
    dimensions: fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 100, 128),
    count: fc.integer({ min: 1, max: 70 }),
    queries: fc.integer({ min: 1, max: 9 }),
    capacity: fc.integer({ min: 0, max: 80 }),
    metric: fc.constantFrom(...METRICS),
    seed: fc.nat(),
  })
  fc.assert(
    fc.property(shapes, ({ dimensions, count, queries, capacity, metric, seed }) => {
      const vectors = gaussians(count, dimensions, seed)
      // Equal rows are ties; a row of zeros has no direction.
      if (count > 3) vectors.copyWithin(dimensions, 0, dimensions)
      if (count > 5) vectors.fill(0, 4 * dimensions, 5 * dimensions)
      const asked = gaussians(queries, dimensions, seed + 7)
      for (const kernel of all) {
        const block = blockOf(kernel, vectors, dimensions)
        const found = search(kernel, block, asked, { metric, dimensions, capacity })
        for (const [q, { rows, distances }] of found.entries()) {
          const query = asked.subarray(q * dimensions, (q + 1) * dimensions)
          const want = bruteForce(metric, vectors, query, capacity)
          for (const [i, { distance }] of want.entries()) {
            assert.ok(Math.abs(distances[i]! - distance) < 1e-9 * (1 + Math.abs(distance)))
          }
          assert.deepEqual(
            sortTies(rows, distances),
            sortTies(
              want.map((w) => w.row),
              want.map((w) => w.distance),
            ),
            kernel.kind,
          )
        }
        kernel.release(block.rows)
        kernel.release(block.inverseNorms)
      }
    }),
    { numRuns: soak(150, 2000) },
  )
})

/** Sums in another order differ in the last digits, so rows with about the same distance may swap. */
function sortTies(rows: readonly number[], distances: readonly number[]): number[] {
  const near = (i: number, j: number): boolean => Math.abs(distances[i]! - distances[j]!) < 1e-12
  const sorted: number[] = []
  for (let i = 0; i < rows.length;) {
    let end = i + 1
    while (end < rows.length && near(i, end)) end++
    sorted.push(...rows.slice(i, end).sort((a, b) => a - b))
    i = end
  }
  return sorted
}

test('of equal distances the lower row comes first, also at the end of the list', async () => {
  for (const kernel of await kernels()) {
    const row = gaussians(1, 24, 3)
    const vectors = new Float32Array(24 * 50)
    for (let i = 0; i < 50; i++) vectors.set(row, 24 * i)
    const block = blockOf(kernel, vectors, 24)
    for (const metric of METRICS) {
      const [found] = search(kernel, block, row, { metric, dimensions: 24, capacity: 7 })
      assert.deepEqual(found!.rows, [0, 1, 2, 3, 4, 5, 6], `${kernel.kind} ${metric}`)
    }
  }
})

test('extreme values: large, tiny and not finite rows give the exact answer or come last', async () => {
  for (const kernel of await kernels()) {
    const dimensions = 8
    const vectors = gaussians(40, dimensions, 11)
    for (let j = 0; j < dimensions; j++) {
      vectors[j]! *= 1e25
      vectors[dimensions + j]! *= 1e-25
    }
    vectors[2 * dimensions] = NaN
    vectors[3 * dimensions] = Infinity
    const block = blockOf(kernel, vectors, dimensions)
    const query = gaussians(1, dimensions, 12)
    for (const metric of METRICS) {
      const [found] = search(kernel, block, query, { metric, dimensions, capacity: 40 })
      const want = bruteForce(metric, vectors, query, 40)
      assert.equal(found!.rows.length, 40)
      const finite = want.filter(({ distance }) => Number.isFinite(distance))
      assert.deepEqual(
        found!.rows.slice(0, finite.length),
        finite.map(({ row }) => row),
        `${kernel.kind} ${metric}`,
      )
    }
  }
})

test('only rows that are allowed are found', async () => {
  const [count, dimensions] = [300, 20]
  const vectors = gaussians(count, dimensions, 5)
  const query = gaussians(5, dimensions, 6)
  const allowed = new Uint8Array(Math.ceil(count / 8))
  const next = seededRandom(9)
  const isAllowed = Array.from({ length: count }, () => next() < 0.2)
  for (const [i, is] of isAllowed.entries()) if (is) allowed[i >> 3]! |= 1 << (i & 7)
  for (const kernel of await kernels()) {
    const block = blockOf(kernel, vectors, dimensions)
    const found = search(kernel, block, query, { metric: 'l2', dimensions, capacity: 12, allowed })
    for (const [q, { rows }] of found.entries()) {
      const one = query.subarray(q * dimensions, (q + 1) * dimensions)
      const want = bruteForce('l2', vectors, one, count).filter(({ row }) => isAllowed[row])
      assert.deepEqual(
        rows,
        want.slice(0, 12).map(({ row }) => row),
      )
    }
  }
})

test('rows of several blocks are numbered from the first of each', async () => {
  for (const kernel of await kernels()) {
    const vectors = gaussians(100, 16, 1)
    const blocks = [0, 64].map((first) =>
      blockOf(kernel, vectors.slice(16 * first, 16 * Math.min(100, first + 64)), 16, first),
    )
    const query = gaussians(1, 16, 2)
    const batch = new Batch(kernel, query, { dimensions: 16, metric: 'cosine', capacity: 20 })
    for (const block of blocks) {
      kernel.scan(block, batch, { rowStart: 0, rowEnd: block.count, queryStart: 0, queryEnd: 1 })
    }
    assert.deepEqual(
      [...batch.best(0).rows],
      bruteForce('cosine', vectors, query, 20).map(({ row }) => row),
    )
  }
})

test('points are assigned to the nearest centroid, and summed there', async () => {
  for (const kernel of await kernels()) {
    for (const [count, dimensions, centroids] of [
      [37, 10, 5],
      [8, 33, 6],
      [3, 4, 1],
    ] as const) {
      const [points, centres] = [
        gaussians(count, dimensions, 1),
        gaussians(centroids, dimensions, 2),
      ]
      const p = kernel.reserve(points.byteLength)
      const c = kernel.reserve(centres.byteLength)
      p.floats().set(points)
      c.floats().set(centres)
      const biases = kernel.reserve(4 * centroids)
      for (let i = 0; i < centroids; i++) {
        const centre = centres.subarray(i * dimensions, (i + 1) * dimensions)
        biases.floats()[i] = centre.reduce((sum, x) => sum + x * x, 0) / 2
      }
      const out = kernel.reserve(4 * count)
      const set = { rows: p, start: 0, count, dimensions }
      kernel.assign(set, { rows: c, start: 0, count: centroids, dimensions }, biases, out)
      const assigned = [...out.words().subarray(0, count)]
      const want = Array.from({ length: count }, (_, i) => {
        const point = points.subarray(i * dimensions, (i + 1) * dimensions)
        return bruteForce('l2', centres, point, 1)[0]!.row
      })
      assert.deepEqual(assigned, want, kernel.kind)
      const [sums, counts] = [kernel.reserve(centres.byteLength), kernel.reserve(4 * centroids)]
      sums.floats().fill(0)
      counts.words().fill(0)
      kernel.accumulate(set, out, sums, counts)
      assert.equal(
        [...counts.words().subarray(0, centroids)].reduce((a, b) => a + b),
        count,
      )
      const total = points.reduce((a, b) => a + b, 0)
      const summed = sums
        .floats()
        .subarray(0, centres.length)
        .reduce((a, b) => a + b, 0)
      assert.ok(Math.abs(total - summed) < 1e-3)
      const weights = kernel.reserve(4 * count)
      weights.floats().fill(0.5)
      kernel.accumulate(set, out, sums, counts, weights)
      const more = sums
        .floats()
        .subarray(0, centres.length)
        .reduce((a, b) => a + b, 0)
      assert.ok(Math.abs(1.5 * total - more) < 1e-3)
    }
  }
})

test('memory that came back is handed out again, and never twice', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 }), (steps) => {
      let end = 0
      const memory = new LinearMemory(100, (to) => (end = Math.max(end, to)) <= 1e6)
      const held: { address: number; bytes: number }[] = []
      for (const step of steps) {
        const victim = step % 3 === 0 ? held.splice(step % (held.length || 1), 1)[0] : undefined
        if (victim !== undefined) memory.release(victim.address, victim.bytes)
        else {
          const address = memory.reserve(step)
          if (address === undefined) continue
          assert.equal(address % 64, 0)
          assert.ok(address >= 100 && address + step <= end)
          for (const other of held) {
            assert.ok(address >= other.address + other.bytes || address + step <= other.address)
          }
          held.push({ address, bytes: step })
        }
      }
      for (const { address, bytes } of held) memory.release(address, bytes)
      assert.equal(memory.usedBytes, 0)
      assert.equal(memory.reserve(end - 128), 128)
    }),
  )
})

test('a kernel without room says how much was wanted', async () => {
  const kernel = await makeKernel('simd')
  assert.throws(() => kernel.reserve(2 ** 33), {
    code: 'SHARD_ENGINE',
    message: /8192 MiB more are needed .* lower setVectorCacheBudget/,
  })
})
