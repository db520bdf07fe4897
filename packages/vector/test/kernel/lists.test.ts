import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assignRoom, type CodeBlock, type Kernel, type Region } from '#dist/kernel/kernel.js'
import { paddedLength, writeCodes } from '#dist/kernel/padded-codes.js'
import { kernels } from '../support/kernels.js'
import { bruteForce, clustered, gaussians } from '../support/vectors.js'

const DIMENSIONS = [1, 3, 7, 8, 9, 16, 17, 24, 33, 100]

/** Rows as codes: squared distances without the square of the query. */
function coded(kernel: Kernel, rows: Float32Array, dimensions: number): CodeBlock {
  const count = rows.length / dimensions
  const region = placed(kernel, rows)
  const codes = kernel.reserve(Math.max(16, rows.length))
  const [biases, factors] = [kernel.reserve(4 * count + 16), kernel.reserve(4 * count + 16)]
  kernel.quantize(region, 0, count, dimensions, codes, factors)
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * dimensions, (i + 1) * dimensions)
    biases.floats()[i] = row.reduce((sum, x) => sum + x * x, 0)
    factors.floats()[i]! *= -2
  }
  return { codes, biases, factors, count }
}

function placed(kernel: Kernel, values: Float32Array | Uint32Array): Region {
  const region = kernel.reserve(values.byteLength + 16)
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  region.bytesView().set(bytes)
  return region
}

/** Centroids as padded codes, with half their squares as biases. */
function centroidCodes(kernel: Kernel, centroids: Float32Array, dimensions: number) {
  const count = centroids.length / dimensions
  const stride = paddedLength(dimensions)
  const codes = kernel.reserve(2 * stride * count)
  const [factors, biases] = [kernel.reserve(4 * count + 16), kernel.reserve(4 * count + 16)]
  for (let c = 0; c < count; c++) {
    const centroid = centroids.subarray(c * dimensions, (c + 1) * dimensions)
    const bytes = codes.bytesView()
    const all = new Int16Array(bytes.buffer, bytes.byteOffset, stride * count)
    factors.floats()[c] = writeCodes(centroid, all.subarray(c * stride, (c + 1) * stride))
    biases.floats()[c] = centroid.reduce((sum, x) => sum + x * x, 0) / 2
  }
  return { codes, factors, biases, count }
}

test('lists are ranked and searched alike by all kernels, and the nearest rows of all lists are found', async () => {
  const all = await kernels()
  for (const dimensions of DIMENSIONS) {
    const [count, lists, k] = [331, 23, 10]
    const rows = clustered(count, dimensions, 12, dimensions)
    const centroids = gaussians(lists, dimensions, 4)
    const query = gaussians(1, dimensions, 5)
    const ends = Uint32Array.from({ length: lists + 1 }, (_, i) => Math.floor((count * i) / lists))
    const answers = all.map((kernel) => {
      const blocks = {
        rows: coded(kernel, rows, dimensions),
        centroids: coded(kernel, centroids, dimensions),
        starts: placed(kernel, ends),
        dimensions,
      }
      const codes = kernel.reserve(2 * paddedLength(dimensions))
      const bytes = codes.bytesView()
      const view = new Int16Array(bytes.buffer, bytes.byteOffset, paddedLength(dimensions))
      const factor = writeCodes(query, view)
      const ask = (wanted: number, capacity: number) => {
        const ranked = kernel.reserve(8 * lists)
        const [distances, found] = [kernel.reserve(8 * capacity), kernel.reserve(4 * capacity)]
        const len = kernel.reserve(16)
        len.words()[0] = 0
        const regions = { query: codes, ranked, distances, rows: found, found: len }
        const search = { ...regions, factor, wanted, capacity }
        kernel.rankLists(blocks, search)
        kernel.scanLists(blocks, search)
        const order = Array.from({ length: wanted }, (_, i) => ranked.words()[2 * i]!)
        return { order, rows: [...found.words().subarray(0, len.words()[0])].sort((a, b) => a - b) }
      }
      return { some: ask(7, k), whole: ask(lists, 3 * k), none: ask(0, k) }
    })
    for (const answer of answers) assert.deepEqual(answer, answers[0], `x ${dimensions}`)
    const { some, whole, none } = answers[0]!
    assert.deepEqual(none, { order: [], rows: [] })
    const near = bruteForce('l2', centroids, query, lists).map(({ row }) => row)
    assert.deepEqual(new Set(whole.order), new Set(near))
    assert.deepEqual(some.order, whole.order.slice(0, 7))
    const differs = whole.order.filter((list, i) => list !== near[i]).length
    assert.ok(differs <= 4, `x ${dimensions}: ${differs} lists in another order`)
    const nearest = bruteForce('l2', rows, query, k).map(({ row }) => row)
    const missed = nearest.filter((row) => !whole.rows.includes(row)).length
    assert.ok(missed <= (dimensions < 3 ? k : 0), `x ${dimensions}: ${missed} rows missed`)
    const isInside = (row: number): boolean =>
      some.order.some((list) => row >= ends[list]! && row < ends[list + 1]!)
    assert.ok(some.rows.length > 0 && some.rows.every(isInside))
  }
})

test('codes are assigned alike by all kernels: to the nearest centroid of all groups, or of those that are tried', async () => {
  const all = await kernels()
  for (const dimensions of DIMENSIONS) {
    const [count, groupCount] = [61, 9]
    const points = clustered(count, dimensions, 6, 8)
    const centroids = gaussians(30, dimensions, 9)
    const groups = gaussians(groupCount, dimensions, 10)
    // One group is empty.
    const starts = Uint32Array.of(0, 3, 3, 8, 12, 15, 19, 21, 26, 30)
    const answers = all.map((kernel) => {
      const region = placed(kernel, points)
      const codes = kernel.reserve(Math.max(16, points.length))
      const scales = kernel.reserve(4 * count)
      kernel.quantize(region, 0, count, dimensions, codes, scales)
      const tree = {
        centroids: centroidCodes(kernel, centroids, dimensions),
        groups: centroidCodes(kernel, groups, dimensions),
        starts: placed(kernel, starts),
      }
      const out = kernel.reserve(4 * count)
      return [groupCount, 4, 1].map((tried) => {
        const room = kernel.reserve(assignRoom(count, { groups: tree.groups, tried }))
        out.words().fill(99)
        // The points before `start` have lists already.
        const part = { codes, scales, start: 2, count: count - 2, dimensions }
        const { centroids: own, groups: parents, starts: firsts } = tree
        const some = { centroids: own, groups: parents, starts: firsts, tried }
        kernel.assignCodes(part, some, out, room)
        return Array.from(out.words().subarray(0, count))
      })
    })
    for (const answer of answers) assert.deepEqual(answer, answers[0], `x ${dimensions}`)
    const [whole, some, one] = answers[0]!
    assert.deepEqual(whole!.slice(0, 2), [99, 99])
    let [differs, others] = [0, 0]
    for (let i = 2; i < count; i++) {
      const point = points.subarray(i * dimensions, (i + 1) * dimensions)
      if (bruteForce('l2', centroids, point, 1)[0]!.row !== whole![i]) differs++
      const near = bruteForce('l2', groups, point, 4).map(({ row }) => row)
      const isIn = (c: number, group: number): boolean =>
        c >= starts[group]! && c < starts[group + 1]!
      if (!isIn(one![i]!, near[0]!) && near[0] !== 1) others++
      const order = bruteForce('l2', centroids, point, 30).map(({ row }) => row)
      if (order.find((c) => near.some((group) => isIn(c, group))) !== some![i]) others++
    }
    // Points between two centroids may go to either.
    assert.ok(differs <= 3, `x ${dimensions}: ${differs} of ${count}`)
    assert.ok(others <= 12, `x ${dimensions}: ${others} of ${count} in another group`)
  }
})

test('rows are coded alike by all kernels, each at its place', async () => {
  for (const dimensions of DIMENSIONS) {
    const rows = gaussians(6, dimensions, 3)
    rows.fill(0, 0, dimensions)
    const [plain, moved] = [
      [0, 1, 2, 3, 4, 5],
      [5, 3, 0, 1, 4, 2],
    ]
    const answers = (await kernels()).flatMap((kernel) =>
      [plain, moved].map((places) => {
        const codes = kernel.reserve(Math.max(16, 6 * dimensions))
        const scales = kernel.reserve(4 * 6)
        const at = places === plain ? undefined : placed(kernel, Uint32Array.from(places))
        kernel.quantize(placed(kernel, rows), 0, 6, dimensions, codes, scales, at)
        return places.map((place) => [
          scales.floats()[place]!,
          ...codes.bytesView().slice(place * dimensions, (place + 1) * dimensions),
        ])
      }),
    )
    for (const answer of answers) assert.deepEqual(answer, answers[0], `x ${dimensions}`)
  }
})
