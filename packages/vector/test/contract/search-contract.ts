import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SnapshotReader, SnapshotWriter, writeSnapshot } from '@shardyfusion/core'
import { slatedb } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { bruteForce, gaussians } from '../support/vectors.js'
import { matches, WORD_COUNT, WORD_DIMENSIONS, words } from '../support/words.js'

export interface SearchHarness {
  readonly name: string
  readonly api: {
    readonly SnapshotReader: typeof SnapshotReader
    readonly SnapshotWriter: typeof SnapshotWriter
    readonly writeSnapshot: typeof writeSnapshot
  }
  /** A prefix below which nothing is published yet. */
  newPrefix(): string
}

/** How snapshots with keys and vectors are written and searched. */
export function searchContract(harness: SearchHarness): void {
  const { SnapshotReader, SnapshotWriter, writeSnapshot } = harness.api
  const check = (name: string, body: () => Promise<void>): void => {
    test(`search in ${harness.name}: ${name}`, body)
  }

  async function built(metric: 'cosine' | 'l2') {
    const prefix = harness.newPrefix()
    const { rows, vectors } = words()
    await writeSnapshot(rows, {
      prefix,
      sharding: { shards: 3 },
      key: 'id',
      value: ({ name }) => ({ name }),
      values: 'json',
      engine: sqliteVec(),
      vector: {
        dimensions: WORD_DIMENSIONS,
        metric,
        payload: ({ id }) => (id % 7 === 0 ? undefined : { id, tag: `t${id % 10}` }),
      },
    })
    return { prefix, vectors }
  }

  for (const metric of ['cosine', 'l2'] as const) {
    check(
      `${metric}: search and searchMany find what computing all distances finds, keys stay`,
      async () => {
        const { prefix, vectors } = await built(metric)
        await using reader = await SnapshotReader.open({ prefix, values: 'json' })
        const queries = gaussians(9, WORD_DIMENSIONS, 5)
        const query = queries.subarray(0, WORD_DIMENSIONS)
        const one = await reader.search(query, { topK: 25 })
        matches(one, metric, vectors, query, 25)
        assert.equal(one.shardsQueried, 3)
        assert.ok(one.durationMs >= 0)
        const many = await reader.searchMany(queries, { topK: 7 })
        assert.equal(many.length, 9)
        for (const [q, result] of many.entries())
          matches(
            result,
            metric,
            vectors,
            queries.subarray(q * WORD_DIMENSIONS, (q + 1) * WORD_DIMENSIONS),
            7,
          )
        const packed = await reader.searchChunk(queries, { topK: 7 })
        assert.deepEqual(
          Array.from({ length: 7 }, (_, i) => packed.id(packed.start(3) + i)),
          many[3]!.results.map(({ id }) => id),
        )
        assert.deepEqual(await reader.get(42), { name: 'word 42' })
        assert.deepEqual(reader.vectors()?.metric, metric)
        const everything = await reader.search(query, { topK: 100_000 })
        assert.equal(everything.results.length, WORD_COUNT)
      },
    )
  }

  check('where: exactly the nearest of the vectors for which it holds, however few', async () => {
    const { prefix, vectors } = await built('cosine')
    await using reader = await SnapshotReader.open({ prefix })
    const query = gaussians(1, WORD_DIMENSIONS, 8)
    const tagged = await reader.search(query, { topK: 20, where: "payload.tag == 't3'" })
    matches(tagged, 'cosine', vectors, query, 20, (row) => row % 10 === 3 && row % 7 !== 0)
    const one = await reader.search(query, { topK: 20, where: 'id == 1234' })
    matches(one, 'cosine', vectors, query, 20, (row) => row === 1234)
    const few = await reader.search(query, { where: 'payload.id > 2990 && payload.id < 2996' })
    matches(few, 'cosine', vectors, query, 10, (row) => row > 2990 && row < 2996 && row % 7 !== 0)
    const without = await reader.search(query, { topK: 3000, where: '!has(payload.tag)' })
    matches(without, 'cosine', vectors, query, 3000, (row) => row % 7 === 0)
  })

  check('maxDistance, shards, withValues and searchLike', async () => {
    const { prefix, vectors } = await built('l2')
    await using reader = await SnapshotReader.open({ prefix, values: 'json' })
    const query = gaussians(1, WORD_DIMENSIONS, 9)
    const all = bruteForce('l2', vectors, query, 50)
    const near = await reader.search(query, { topK: 50, maxDistance: all[6]!.distance + 1e-9 })
    assert.equal(near.results.length, 7)
    const here = await reader.search(query, { topK: 5, shards: [1] })
    assert.ok(here.results.every(({ shard }) => shard === 1) && here.shardsQueried === 1)
    const values = await reader.search(query, { topK: 3, withValues: true })
    for (const { id, value } of values.results) assert.deepEqual(value, { name: `word ${id}` })
    const like = await reader.searchLike(77, { topK: 5 })
    const own = vectors.subarray(77 * WORD_DIMENSIONS, 78 * WORD_DIMENSIONS)
    matches(like, 'l2', vectors, own, 5, (row) => row !== 77)
    await assert.rejects(reader.searchLike(999_999), { code: 'SHARD_NOT_FOUND' })
  })

  check('one clear error for each mistake', async () => {
    const { prefix } = await built('cosine')
    await using reader = await SnapshotReader.open({ prefix })
    const query = gaussians(1, WORD_DIMENSIONS, 3)
    const rejects = (work: Promise<unknown>, code: string, message: RegExp): Promise<void> =>
      assert.rejects(work, { code, message })
    const bad = Float32Array.from(query)
    bad[2] = NaN
    const infinite = [...query].map((x, i) => (i === 0 ? 1e39 : x))
    await rejects(
      reader.search(query.subarray(1)),
      'SHARD_INVALID_VALUE',
      /must have 12 values .* got 11/,
    )
    await rejects(reader.search(bad), 'SHARD_INVALID_VALUE', /finite numbers .* got NaN as value 2/)
    await rejects(reader.search(infinite), 'SHARD_INVALID_VALUE', /finite numbers .* as value 0/)
    await rejects(
      reader.search(new Float32Array(WORD_DIMENSIONS)),
      'SHARD_INVALID_VALUE',
      /zeros has no direction/,
    )
    await rejects(reader.searchMany([query, bad]), 'SHARD_INVALID_VALUE', /query 1: /)
    await rejects(
      reader.search(query, { topK: 100_001 }),
      'SHARD_INVALID_OPTION',
      /topK must be an integer from 0 to 100000/,
    )
    await rejects(reader.search(query, { topK: -1 }), 'SHARD_INVALID_OPTION', /topK/)
    await rejects(
      reader.search(query, { shards: [3] }),
      'SHARD_INVALID_OPTION',
      /shards must be ids from 0 to 2, got 3/,
    )
    await rejects(
      reader.search(query, { where: 'payload.' }),
      'SHARD_INVALID_OPTION',
      /where does not compile/,
    )
    await rejects(
      reader.search(query, { where: 'payload.tag > 3' }),
      'SHARD_INVALID_OPTION',
      /where failed/,
    )
    await rejects(
      reader.search(query, { where: 'id' }),
      'SHARD_INVALID_OPTION',
      /where must be true or false/,
    )
    await rejects(reader.search(query, { probes: 2 } as object), 'SHARD_INVALID_OPTION', /probes/)
    await rejects(
      reader.search(query, { exact: true, recall: 0.9 }),
      'SHARD_INVALID_OPTION',
      /exact and recall/,
    )
    await rejects(
      reader.search('x' as never),
      'SHARD_INVALID_VALUE',
      /must be a Float32Array or a list of 12 numbers/,
    )
    const aborted = AbortSignal.abort(new Error('enough'))
    await assert.rejects(reader.search(query, { signal: aborted }), { message: 'enough' })
    assert.deepEqual((await reader.search(query, { topK: 0 })).results, [])
  })

  check('writers refuse bad vectors, and lose nothing', async () => {
    const options = { prefix: harness.newPrefix(), sharding: { shards: 1 } }
    const vector = { dimensions: 3 }
    await using writer = await SnapshotWriter.open({ ...options, engine: sqliteVec(), vector })
    const bytes = new Uint8Array(1)
    const put = (given: unknown): Promise<void> => writer.put(1, bytes, undefined, given as never)
    await assert.rejects(put({ vector: [1, 2] }), { message: /must have 3 values .* got 2/ })
    await assert.rejects(put({ vector: [0, 0, 0] }), { message: /zeros has no direction/ })
    await assert.rejects(put({ vector: [1, Infinity, 0] }), { message: /got Infinity as value 1/ })
    await assert.rejects(put({ vector: [1, 2, 3], id: 1.5 }), {
      message: /id of a vector must be an integer/,
    })
    await assert.rejects(put({ vector: [1, 2, 3], payload: { x: NaN } }), {
      message: /payload of a vector must be JSON/,
    })
    await assert.rejects(put({ vectors: [1, 2, 3] }), { message: /got the member "vectors"/ })
    await put({ vector: [1, 2, 3] })
    await writer.put(2, bytes)
    const { rowCount } = await writer.publish()
    assert.equal(rowCount, 2)
    await using reader = await SnapshotReader.open({ prefix: options.prefix })
    assert.equal((await reader.search([1, 2, 3])).results.length, 1)
    await assert.rejects(SnapshotWriter.open({ ...options, engine: slatedb(), vector }), {
      code: 'SHARD_INVALID_OPTION',
      message: /does not store vectors; pass engine: sqliteVec\(\)/,
    })
    await assert.rejects(
      SnapshotWriter.open({
        ...options,
        engine: sqliteVec(),
        vector: { dimensions: 3, metric: 'dot_product' },
      }),
      {
        code: 'SHARD_INVALID_OPTION',
        message: /searches by cosine and l2, got the metric "dot_product"/,
      },
    )
    await using plain = await SnapshotWriter.open({ ...options, engine: sqliteVec() })
    await assert.rejects(async () => plain.put(1, bytes, undefined, { vector: [1, 2, 3] }), {
      code: 'SHARD_INVALID_OPTION',
      message: /opened without the option vector/,
    })
  })

  check('a snapshot without vectors says so, whatever its engine', async () => {
    for (const engine of [slatedb(), sqliteVec()]) {
      const prefix = harness.newPrefix()
      await writeSnapshot([[1, new Uint8Array(3)]] as [number, Uint8Array][], {
        prefix,
        sharding: { shards: 1 },
        engine,
      })
      await using reader = await SnapshotReader.open({ prefix })
      assert.equal((await reader.get(1))!.length, 3)
      await assert.rejects(reader.search([1, 2]), {
        code: 'SHARD_INVALID_OPTION',
        message: /^SnapshotReader.search: run "\w+" has no vectors/,
      })
      assert.equal(reader.vectors(), undefined)
    }
  })

  check(
    'rows without vectors have keys only; ids, big payloads and other rows are as written',
    async () => {
      const prefix = harness.newPrefix()
      const rows = Array.from({ length: 500 }, (_, i) => ({
        key: `k${i}`,
        id: 2n ** 60n + BigInt(i),
        note: { big: 2n ** 62n, text: 'ü'.repeat(i) },
        vector: i % 3 === 0 ? undefined : [i, 1, 2],
      }))
      await writeSnapshot(rows, {
        prefix,
        sharding: { cel: 'key.size() % 2', columns: { key: 'string' }, shards: 2 },
        key: 'key',
        value: ({ key }) => key,
        values: 'utf8',
        keyEncoding: 'utf8',
        vector: { dimensions: 3, metric: 'l2', id: 'id', payload: 'note' },
        engine: sqliteVec(),
      })
      await using reader = await SnapshotReader.open({ prefix, values: 'utf8' })
      assert.equal(await reader.get('k33'), 'k33')
      const { results } = await reader.search([100, 1, 2], { topK: 500 })
      assert.equal(results.length, rows.filter(({ vector }) => vector !== undefined).length)
      assert.deepEqual(results[0]!.id, 2n ** 60n + 100n)
      assert.deepEqual(results[0]!.payload, { big: 2n ** 62n, text: 'ü'.repeat(100) })
    },
  )
}
