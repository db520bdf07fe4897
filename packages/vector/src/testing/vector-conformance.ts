// Long because the suite is one function of its harness, and its tests share the helpers.

import assert from 'node:assert/strict'
import {
  type EngineReader,
  type EngineSearchOptions,
  isShardyfusionError,
  packEntries,
  type ObjectStore,
  type ShardEngine,
  VectorChunkBuilder,
  type VectorId,
  type VectorMetric,
} from '@shardyfusion/core/extend'
import { nearest, randomRows, type SampleRow } from './vector-samples.js'

/** An engine with vectors for the conformance suite. */
export interface VectorConformanceHarness {
  /** Registers one test, such as `test` of node:test. */
  readonly test: (name: string, body: () => Promise<void>) => unknown
  /** The engine to test. */
  readonly engine: ShardEngine
  /** The store of objects. */
  readonly objects: ObjectStore
  /** Returns a URL at which no shard exists yet. */
  readonly newShardUrl: () => string | Promise<string>
  /** The engine's distance, if it is not the usual one: cosine is 1 - cos, L2 the root, dot product the negative. */
  readonly distance?: ((metric: VectorMetric, usual: number) => number) | undefined
  /** The engine stores ids as text, so that an integer is found by its digits. */
  readonly textIds?: boolean | undefined
}

interface Hit {
  readonly id: VectorId
  readonly score: number
  readonly payload: unknown
}

const DIMENSIONS = 6
const COUNT = 1500
const TOLERANCE = 1e-5

/** Registers the tests that an engine with `supports.search` must pass, for each metric that it has. */
export function runVectorConformance(harness: VectorConformanceHarness): void {
  const { engine, objects, distance = (_, usual) => usual, textIds = false } = harness
  const metrics = (engine.supports.search ?? []) as readonly VectorMetric[]
  const check = (name: string, body: () => Promise<void>): void => {
    harness.test(`vectors of ${engine.name}: ${name}`, body)
  }
  const stored = (id: VectorId): VectorId => (textIds ? String(id) : id)

  async function build(
    rows: readonly SampleRow[],
    metric: VectorMetric,
    dimensions = DIMENSIONS,
    chunkRows = 700,
  ): Promise<string> {
    const url = await harness.newShardUrl()
    const vectors = { dimensions, metric }
    const writer = await engine.openWriter({ url, objects, vectors })
    try {
      if (engine.supports.keys !== false) {
        await writer.write(packEntries([[Uint8Array.of(1), Uint8Array.of(2)]]))
      }
      for (let start = 0; start < rows.length; start += chunkRows) {
        const builder = new VectorChunkBuilder(dimensions)
        for (const { id, vector, payload } of rows.slice(start, start + chunkRows))
          builder.push(
            id,
            vector,
            payload === undefined ? undefined : encoder.encode(JSON.stringify(payload)),
          )
        await writer.writeVectors!(builder.finish())
      }
      await writer.seal()
    } finally {
      await writer.close()
    }
    return url
  }

  async function reading<T>(
    url: string,
    metric: VectorMetric,
    body: (reader: EngineReader) => Promise<T>,
    dimensions = DIMENSIONS,
  ): Promise<T> {
    const reader = await engine.openReader({ url, objects, vectors: { dimensions, metric } })
    try {
      return await body(reader)
    } finally {
      await reader.close()
    }
  }

  async function find(
    reader: EngineReader,
    queries: readonly Float32Array[],
    options: EngineSearchOptions,
  ): Promise<Hit[][]> {
    const dimensions = queries[0]!.length
    const values = new Float32Array(queries.length * dimensions)
    for (const [q, query] of queries.entries()) values.set(query, q * dimensions)
    const found = await reader.search!({ values, count: queries.length, dimensions }, options)
    const { ids, payloads } = await reader.vectorRows!(found.rows)
    let at = 0
    return Array.from(found.counts, (count) =>
      Array.from({ length: count }, () => {
        const payload = payloads[at]
        const hit = {
          id: ids[at]!,
          score: found.scores[at]!,
          payload: payload && JSON.parse(decoder.decode(payload)),
        }
        at++
        return hit as Hit
      }),
    )
  }

  function expectHits(
    hits: readonly Hit[],
    rows: readonly SampleRow[],
    query: Float32Array,
    metric: VectorMetric,
    topK: number,
  ): void {
    const want = nearest(rows, query, metric, topK)
    assert.equal(hits.length, want.length)
    for (const [i, { row, usual }] of want.entries()) {
      const score = distance(metric, usual)
      const { id, payload, score: got } = hits[i]!
      assert.ok(
        Math.abs(got - score) <= TOLERANCE * Math.max(1, Math.abs(score)),
        `${got}, expected ${score}`,
      )
      const isTie = want.some((other, j) => j !== i && Math.abs(other.usual - usual) < 1e-7)
      if (isTie) continue
      assert.equal(id, stored(row.id))
      assert.deepEqual(payload, row.payload)
    }
  }

  const rows = randomRows(COUNT, DIMENSIONS, 7)
  // Shards do not change, so the tests share one for each metric.
  const built = new Map<VectorMetric, Promise<string>>()
  const all = (metric: VectorMetric): Promise<string> => {
    const url = built.get(metric) ?? build(rows, metric)
    built.set(metric, url)
    return url
  }
  const queries = randomRows(5, DIMENSIONS, 99).map(({ vector }) => vector)

  for (const metric of metrics) {
    check(`${metric}: finds the truly nearest of each query, with ids and payloads`, async () => {
      const url = await all(metric)
      await reading(url, metric, async (reader) => {
        for (const topK of [1, 10, 300]) {
          const found = await find(reader, queries, { topK, exact: true })
          for (const [q, query] of queries.entries())
            expectHits(found[q]!, rows, query, metric, topK)
        }
        const [whole] = await find(reader, queries.slice(0, 1), { topK: COUNT + 5, exact: true })
        assert.equal(whole!.length, COUNT)
        assert.deepEqual(
          await find(reader, queries, { topK: 0 }),
          queries.map(() => []),
        )
      })
    })

    check(`${metric}: finds what is asked for without exact`, async () => {
      const url = await all(metric)
      await reading(url, metric, async (reader) => {
        const found = await find(reader, queries, { topK: 10 })
        let hits = 0
        for (const [q, query] of queries.entries()) {
          const want = new Set(nearest(rows, query, metric, 10).map(({ row }) => stored(row.id)))
          hits += found[q]!.filter(({ id }) => want.has(id)).length
        }
        // A recall is an average.
        const wanted = 10 * queries.length
        assert.ok(hits >= 0.8 * wanted, `found ${hits} of ${wanted}`)
      })
    })

    check(`${metric}: maxDistance leaves out vectors that are farther`, async () => {
      const url = await all(metric)
      await reading(url, metric, async (reader) => {
        const [hits] = await find(reader, queries.slice(0, 1), { topK: 20, exact: true })
        const maxDistance = (hits![6]!.score + hits![7]!.score) / 2
        const [near] = await find(reader, queries.slice(0, 1), { topK: 20, maxDistance })
        assert.deepEqual(
          near!.map(({ id }) => id),
          hits!.slice(0, 7).map(({ id }) => id),
        )
      })
    })
  }

  const metric = metrics[0]!

  check('a filter never gives fewer than there are', async () => {
    const url = await all(metric)
    await reading(url, metric, async (reader) => {
      for (const share of [2, 40, 900]) {
        const kept = rows.filter(({ payload }) => rest(payload, share) === 0)
        const filter = ({ payload }: { payload: unknown }): boolean => rest(payload, share) === 0
        const [hits] = await find(reader, queries.slice(0, 1), { topK: 10, filter })
        expectHits(hits!, kept, queries[0]!, metric, 10)
      }
      const [none] = await find(reader, queries.slice(0, 1), { topK: 5, filter: () => false })
      assert.deepEqual(none, [])
    })
  })

  check('equal vectors come in the order in which they were written', async () => {
    const vector = queries[0]!
    const same = Array.from({ length: 50 }, (_, i) => ({ id: BigInt(i), vector }))
    const url = await build(same, metric, DIMENSIONS, 9)
    await reading(url, metric, async (reader) => {
      const [hits] = await find(reader, [vector], { topK: 20 })
      assert.deepEqual(
        hits!.map(({ id }) => id),
        same.slice(0, 20).map(({ id }) => stored(id)),
      )
    })
  })

  check('ids of all kinds come back, and find their vectors', async () => {
    const ids: VectorId[] = [
      0n,
      18446744073709551615n,
      'é',
      "it's",
      'a"b',
      '',
      ' 日本',
      'x'.repeat(5000),
    ]
    const own = randomRows(ids.length, DIMENSIONS, 3).map(({ vector }, i) => ({
      id: ids[i]!,
      vector,
    }))
    const url = await build(own, metric)
    await reading(url, metric, async (reader) => {
      const found = await reader.vectorsById!([...ids, 'absent'])
      for (const [i, { vector }] of own.entries()) assert.deepEqual(found[i], vector)
      assert.equal(found.at(-1), undefined)
      const [hits] = await find(reader, [own[2]!.vector], { topK: ids.length })
      assert.deepEqual(new Set(hits!.map(({ id }) => id)), new Set(ids.map(stored)))
    })
  })

  check('two vectors with one id are two vectors; the first is found by it', async () => {
    const [a, b] = randomRows(2, DIMENSIONS, 4)
    const url = await build(
      [
        { ...a!, id: 'same' },
        { ...b!, id: 'same' },
      ],
      metric,
    )
    await reading(url, metric, async (reader) => {
      const [hits] = await find(reader, [b!.vector], { topK: 5 })
      assert.deepEqual(
        hits!.map(({ id }) => id),
        ['same', 'same'],
      )
      assert.deepEqual(await reader.vectorsById!(['same']), [a!.vector])
    })
  })

  check('a shard without vectors has no hits', async () => {
    const url = await build([], metric)
    await reading(url, metric, async (reader) => {
      const search = find(reader, queries, { topK: 3 })
      // An engine whose file tells shards without vectors apart may refuse instead.
      const found = await search.catch((error: unknown) => {
        assert.ok(isShardyfusionError(error))
        return queries.map(() => [])
      })
      assert.deepEqual(
        found,
        queries.map(() => []),
      )
    })
  })

  for (const dimensions of [1, 3, 100, 1536]) {
    check(`vectors of ${dimensions} values`, async () => {
      const own = randomRows(40, dimensions, 8)
      const url = await build(own, metric, dimensions)
      await reading(
        url,
        metric,
        async (reader) => {
          const [hits] = await find(reader, [own[5]!.vector], { topK: 4 })
          expectHits(hits!, own, own[5]!.vector, metric, 4)
        },
        dimensions,
      )
    })
  }

  check('a query of other dimensions is refused, with both numbers', async () => {
    const url = await build(rows.slice(0, 10), metric)
    await reading(url, metric, async (reader) => {
      const values = new Float32Array(4).fill(1)
      await assert.rejects(reader.search!({ values, count: 1, dimensions: 4 }, { topK: 1 }), {
        code: 'SHARD_INVALID_VALUE',
        message: /6 values.*got 4/,
      })
    })
  })

  check('an aborted search rejects with the reason of its signal', async () => {
    const url = await all(metric)
    await reading(url, metric, async (reader) => {
      const reason = new Error('enough')
      const many = Array.from({ length: 64 }, (_, i) => queries[i % queries.length]!)
      const signal = AbortSignal.abort(reason)
      const search = find(reader, many, { topK: 500, exact: true, signal })
      // A search that is done before it looks at its signal may succeed.
      await search.catch((error: unknown) => assert.equal(error, reason))
    })
  })

  check('searches run side by side, and closing waits for or fails them', async () => {
    const url = await all(metric)
    const vectors = { dimensions: DIMENSIONS, metric }
    const reader = await engine.openReader({ url, objects, vectors })
    const expected = await find(reader, queries, { topK: 5, exact: true })
    const searches = Array.from({ length: 12 }, () =>
      find(reader, queries, { topK: 5, exact: true }),
    )
    for (const found of await Promise.all(searches)) assert.deepEqual(found, expected)
    const last = find(reader, queries, { topK: 5, exact: true }).then(
      () => undefined,
      (error: unknown) => error,
    )
    await reader.close()
    await reader.close()
    const error = await last
    assert.ok(error === undefined || isShardyfusionError(error), String(error))
  })

  check('facts: count, dimensions and metric', async () => {
    const url = await all(metric)
    await reading(url, metric, async (reader) => {
      const { count, dimensions, metric: found, index } = (await reader.vectorFacts!())!
      assert.deepEqual([count, dimensions, found], [COUNT, DIMENSIONS, metric])
      assert.match(index, /\S/)
    })
  })
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function rest(payload: unknown, divisor: number): number {
  return ((payload as { n?: number } | undefined)?.n ?? 1) % divisor
}
