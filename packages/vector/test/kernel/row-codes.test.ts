import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Batch } from '#dist/kernel/batch.js'
import type { Kernel, RowBlock } from '#dist/kernel/kernel.js'
import { blockOf, kernels } from '../support/kernels.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'
import { bruteForce, clustered, gaussians, type Metric } from '../support/vectors.js'

const METRICS: readonly Metric[] = ['cosine', 'l2', 'dot_product']

/** Vectors for which bounds are tight, useless, or not numbers. The query is the last row. */
const SHAPES: Readonly<Record<string, (n: number, d: number, seed: number) => Float32Array>> = {
  random: gaussians,
  clustered: (n, d, seed) => clustered(n, d, 5, seed),
  'all equal': (n, d, seed) => repeated(n, gaussians(1, d, seed)),
  'one large coordinate': (n, d, seed) =>
    gaussians(n, d, seed).map((x, i) => (i % d === 0 ? 1000 * x : x)),
  'one large coordinate in one row': (n, d, seed) =>
    gaussians(n, d, seed).map((x, i) => (i === 3 * d ? 1e6 : x)),
  'last digits differ': (n, d, seed) => {
    const noise = gaussians(n, d, seed + 1)
    return repeated(n, gaussians(1, d, seed)).map((x, i) => x * (1 + noise[i]! * 2 ** -23))
  },
  'lengths differ in the last digits': (n, d, seed) =>
    repeated(n, gaussians(1, d, seed)).map((x, i) => x * (1 + Math.floor(i / d) * 2 ** -23)),
  'small integers': (n, d, seed) => gaussians(n, d, seed).map(Math.round),
  'exact codes': (n, d, seed) =>
    gaussians(n, d, seed).map((x, i) => (i % d === 0 ? 127 : Math.round(20 * x))),
  'rows of zeros': (n, d, seed) =>
    gaussians(n, d, seed).map((x, i) => (Math.floor(i / d) % 3 === 0 ? 0 : x)),
  'lengths from 1e-45 to 1e38': (n, d, seed) => {
    const next = seededRandom(seed + 2)
    const sizes = Array.from({ length: n }, () => 10 ** (next() * 83 - 45))
    return gaussians(n, d, seed).map((x, i) => x * sizes[Math.floor(i / d)]!)
  },
  'all large': (n, d, seed) => gaussians(n, d, seed).map((x) => x * 1e38),
  'all denormal': (n, d, seed) => gaussians(n, d, seed).map((x) => x * 1e-41),
  'at the limits of float32 squares': (n, d, seed) =>
    gaussians(n, d, seed).map((x, i) => x * (Math.floor(i / d) % 2 === 0 ? 3e14 : 3e-13)),
  'not finite': (n, d, seed) => {
    const bad = [NaN, Infinity, -Infinity]
    return gaussians(n, d, seed).map((x, i) =>
      i % (7 * d) === 1 && i < n * d - d ? bad[i % 3]! : x,
    )
  },
}

function repeated(count: number, row: Float32Array): Float32Array {
  return Float32Array.from({ length: count * row.length }, (_, i) => row[i % row.length]!)
}

function search(
  kernel: Kernel,
  blocks: readonly RowBlock[],
  query: Float32Array,
  o: { metric: Metric; dimensions: number; capacity: number; step: number; share: number },
): { rows: number[]; distances: number[] } {
  const batch = new Batch(kernel, query, o)
  const next = seededRandom(o.step)
  for (const block of blocks) {
    const allowed = o.share === 1 ? undefined : kernel.reserve(Math.ceil(block.count / 8))
    allowed?.bytesView().fill(0)
    for (let i = 0; i < block.count; i++)
      if (allowed !== undefined && next() < o.share) allowed.bytesView()[i >> 3]! |= 1 << (i & 7)
    for (let rowStart = 0; rowStart < block.count; rowStart += o.step) {
      const rowEnd = Math.min(block.count, rowStart + o.step)
      kernel.scan(block, batch, { rowStart, rowEnd, queryStart: 0, queryEnd: 1, allowed })
    }
    if (allowed !== undefined) kernel.release(allowed)
  }
  const { rows, distances } = batch.best(0)
  batch.release()
  return { rows: [...rows], distances: [...distances] }
}

function release(kernel: Kernel, blocks: readonly RowBlock[]): void {
  for (const { rows, inverseNorms, codes } of blocks)
    for (const region of [rows, inverseNorms, codes])
      if (region !== undefined) kernel.release(region)
}

function withCodes(kernel: Kernel, block: RowBlock, dimensions: number): RowBlock {
  return { ...block, codes: kernel.encode(block.rows, block.count, dimensions) }
}

test('a scan with codes finds the same rows and the same bits of distances as one without', async () => {
  const all = await kernels()
  const cases = fc.record({
    shape: fc.constantFrom(...Object.keys(SHAPES)),
    dimensions: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(100, 128, 600)),
    count: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 200, max: 1500 })),
    blockRows: fc.integer({ min: 1, max: 60 }).map((n) => 13 * n),
    step: fc.integer({ min: 1, max: 90 }).map((n) => 8 * n),
    capacity: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1500 })),
    share: fc.constantFrom(1, 1, 0.5, 0.02),
    isRow: fc.boolean(),
    metric: fc.constantFrom(...METRICS),
    seed: fc.nat(),
  })
  fc.assert(
    fc.property(cases, ({ shape, dimensions, count, blockRows, seed, isRow, ...o }) => {
      const made = SHAPES[shape]!(count + 1, dimensions, seed)
      const vectors = made.subarray(0, count * dimensions)
      const query = made.slice((isRow ? count >> 1 : count) * dimensions).slice(0, dimensions)
      for (const kernel of all) {
        const before = kernel.usedBytes
        const plain: RowBlock[] = []
        for (let first = 0; first < count; first += blockRows) {
          const end = Math.min(count, first + blockRows)
          const rows = vectors.subarray(first * dimensions, end * dimensions)
          plain.push(blockOf(kernel, rows, dimensions, first))
        }
        const coded = plain.map((block) => withCodes(kernel, block, dimensions))
        const options = { ...o, dimensions }
        const found = search(kernel, coded, query, options)
        assert.deepEqual(found, search(kernel, plain, query, options), kernel.kind)
        release(kernel, coded)
        assert.equal(kernel.usedBytes, before)
      }
    }),
    { numRuns: soak(150, 2000) },
  )
})

test('a scan with codes finds what float64 finds', async () => {
  for (const kernel of await kernels()) {
    for (const shape of ['random', 'clustered', 'one large coordinate', 'exact codes']) {
      const [count, dimensions] = [1500, 96]
      const made = SHAPES[shape]!(count + 1, dimensions, 5)
      const vectors = made.subarray(0, count * dimensions)
      const query = made.slice(count * dimensions)
      const block = withCodes(kernel, blockOf(kernel, vectors, dimensions), dimensions)
      for (const metric of METRICS) {
        const o = { metric, dimensions, capacity: 20, step: count, share: 1 }
        const { rows, distances } = search(kernel, [block], query, o)
        const want = bruteForce(metric, vectors, query, 20)
        for (const [i, { distance }] of want.entries()) {
          assert.ok(Math.abs(distances[i]! - distance) < 1e-9 * (1 + Math.abs(distance)))
        }
        if (shape === 'exact codes') continue // has ties that sums in another order break
        assert.deepEqual(
          rows,
          want.map(({ row }) => row),
          `${kernel.kind} ${metric} ${shape}`,
        )
      }
      release(kernel, [block])
    }
  }
})

test('a row is found where its codes miss the most, and another is hardly farther', async () => {
  const dimensions = 64
  for (const kernel of await kernels()) {
    for (let seed = 0; seed < 50; seed++) {
      const row = gaussians(1, dimensions, seed)
      const query = missedByCodes(kernel, row)
      if (query === undefined) continue
      for (const metric of METRICS) {
        const farther = hardlyFarther(metric, row, query, gaussians(1, dimensions, seed + 1000))
        const vectors = new Float32Array(8 * dimensions)
        for (let i = 0; i < 8; i++) vectors.set(i < 4 ? farther : row, i * dimensions)
        const block = withCodes(kernel, blockOf(kernel, vectors, dimensions), dimensions)
        const o = { metric, dimensions, capacity: 1, step: 8, share: 1 }
        assert.deepEqual(search(kernel, [block], query, o).rows, [4], `${kernel.kind} ${metric}`)
        release(kernel, [block])
      }
    }
  }
})

/** A row less its codes: the direction in which the codes are most wrong. */
function missedByCodes(kernel: Kernel, row: Float32Array): Float32Array | undefined {
  const block = withCodes(kernel, blockOf(kernel, row, row.length), row.length)
  if (block.codes === undefined) return undefined
  const scale = block.codes.floats()[0]!
  const codes = Int8Array.from(block.codes.bytesView().subarray(12, 12 + row.length))
  release(kernel, [block])
  return row.map((x, j) => x - scale * codes[j]!)
}

/** A row whose distance from the query is larger than that of another by a small part. */
function hardlyFarther(
  metric: Metric,
  row: Float32Array,
  query: Float32Array,
  other: Float32Array,
): Float32Array {
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((s, x, j) => s + x * b[j]!, 0)
  const along = dot(row, query) / dot(query, query)
  const less = along - 1e-5 * Math.abs(along)
  if (metric === 'dot_product') return query.map((x) => x * less)
  // As far from the line of the query, but in another direction.
  const part = dot(other, query) / dot(query, query)
  const across = other.map((x, j) => x - part * query[j]!)
  const rest = row.map((x, j) => x - along * query[j]!)
  const size = Math.sqrt(dot(rest, rest) / dot(across, across))
  return query.map((x, j) =>
    metric === 'cosine' ? less * x + size * across[j]! : along * x + 1.00001 * size * across[j]!,
  )
}

test('rows that are far by their codes are not read', async () => {
  const [count, dimensions] = [3000, 64]
  const vectors = gaussians(count, dimensions, 1)
  for (const kernel of await kernels()) {
    for (const metric of METRICS) {
      const block = withCodes(kernel, blockOf(kernel, vectors, dimensions), dimensions)
      if (block.codes === undefined) continue
      const query = vectors.slice(0, dimensions)
      const o = { metric, dimensions, capacity: 2, step: count, share: 1 }
      const found = search(kernel, [block], query, o)
      // The codes of the last row do not tell that it is one of the nearest now.
      const near = metric === 'dot_product' ? query.map((x) => 9 * x) : query
      block.rows.floats().set(near, (count - 1) * dimensions)
      assert.deepEqual(search(kernel, [block], query, o), found, metric)
      const read = search(kernel, [{ ...block, codes: undefined }], query, o)
      assert.ok(read.rows.includes(count - 1), metric)
      release(kernel, [block])
    }
  }
})
