import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import {
  measureRecall,
  readNpy,
  setVectorCacheBudget,
  sqliteVec,
  VectorReader,
  writeVectors,
} from '@shardyfusion/vector'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const DIMENSIONS = 4
const documents = Array.from({ length: 20 }, (_, i) => ({
  id: `d${i}`,
  vector: [i + 1, 1, 2, 3],
  shard: 0,
}))

function place(): { prefix: string; objects: MemoryStore; dimensions: number } {
  return { prefix: 'memory://docs/v', objects: new MemoryStore(), dimensions: DIMENSIONS }
}

/** Options of a snapshot with keys and vectors, but `vector`. */
function withKeys() {
  return {
    ...place(),
    sharding: { shards: 2 },
    key: 'id',
    keyEncoding: 'utf8',
    values: 'json',
    engine: sqliteVec(),
  } as const
}

/** `documents` with one changed. */
function withOne(at: number, change: object): typeof documents {
  return documents.map((document, i) => (i === at ? { ...document, ...change } : document))
}

const shardings = [{ clusters: 2 }, { lsh: 2 }, { explicit: 1 }]
const wrong: readonly (readonly [object, RegExp])[] = [
  [{ vector: [1, Number.NaN, 2, 3] }, /must have finite numbers .*, got NaN as value 1$/],
  [{ vector: [0, 0, 0, 0] }, /a vector of zeros has no direction/],
  [{ vector: [1, 2, 3] }, /must have 4 values .*, got 3; .*build with dimensions: 3$/],
  [{ vector: [1, '2', 3, 4] }, /a list of 4 numbers, got "2" as value 1$/],
  [
    { vector: '[1,2,3,4]' },
    /got text, "\[1,2,3,4\]"; parse it first, for example with JSON.parse$/,
  ],
  [{ vector: undefined }, /must have the vector, got undefined; the option vector is the name/],
  [{ id: undefined }, /must have the id of its vector, got undefined; the option id is the name/],
]

for (const sharding of shardings) {
  for (const [change, message] of wrong) {
    test(`${Object.keys(sharding)[0]}: record 7 is named: ${message.source}`, async () => {
      const records = withOne(7, change)
      await rejectsWith('SHARD_INVALID_VALUE', /^record 7: /, () =>
        writeVectors(records, { ...place(), sharding }),
      )
      await rejectsWith('SHARD_INVALID_VALUE', message, () =>
        writeVectors(records, { ...place(), sharding }),
      )
    })
  }
}

function* endless(): Generator<(typeof documents)[0]> {
  for (let i = 0; i < 3_000_000; i++) yield { ...documents[i % 20]!, id: `d${i}` }
  throw new Error('the signal was ignored')
}

function abortSoon(): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('enough')), 1)
  return controller.signal
}

test('an abort by a timer ends writeVectors and writeSnapshot from a generator', async () => {
  for (const sharding of [{ clusters: 2, sample: 2_000_000 }, { lsh: 2 }]) {
    const signal = abortSoon()
    await assert.rejects(writeVectors(endless(), { ...place(), sharding, signal }), /enough/)
  }
  const { dimensions, ...rest } = withKeys()
  const build = writeSnapshot(endless(), { ...rest, vector: { dimensions }, signal: abortSoon() })
  await assert.rejects(build, /enough/)
})

test('an abort ends the wait for a record that never comes', async () => {
  const records = {
    async *[Symbol.asyncIterator]() {
      yield documents[0]!
      await new Promise(() => {})
    },
  }
  const build = writeVectors(records, { ...place(), sharding: { lsh: 2 }, signal: abortSoon() })
  await assert.rejects(build, /enough/)
})

test('the training of centroids is reported, with the records that wait for it', async () => {
  const seen: [string, number][] = []
  const records = Array.from({ length: 3000 }, (_, i) => ({ id: i, vector: [i + 1, 1, 2, 3] }))
  await writeVectors(records, {
    ...place(),
    sharding: { clusters: 2 },
    onProgress: ({ phase, rows }) => void seen.push([phase, rows]),
  })
  const phases = [...new Set(seen.map(([phase]) => phase))]
  assert.deepEqual(phases, ['training', 'writing', 'sealing', 'publishing', 'done'])
  assert.deepEqual(seen[0], ['training', 1])
  assert.deepEqual(
    seen.find(([phase]) => phase === 'writing'),
    ['writing', 0],
  )
  assert.deepEqual(seen.at(-1), ['done', 3000])
})

test('where: a member that is null is named as the reason, with the test for it', async () => {
  const { dimensions, ...rest } = withKeys()
  const prices = [null, 4.5, 8]
  await writeSnapshot(
    documents.slice(0, 3).map(({ id, vector }, i) => ({ id, vector, price: prices[i] })),
    {
      ...rest,
      sharding: { shards: 1 },
      vector: { dimensions, payload: ({ price }) => ({ price }) },
    },
  )
  const { prefix, objects } = rest
  await using reader = await SnapshotReader.open({ prefix, objects, values: 'json' })
  const search = (where: string) => reader.search([1, 1, 2, 3], { where })
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /where failed for the vector "d0": no matching overload of < .*; if a member may be null, test it first/,
    () => search('payload.price < 5'),
  )
  const { results } = await search('payload.price != null && payload.price < 5')
  assert.deepEqual(
    results.map(({ id }) => id),
    ['d1'],
  )
})

test('records with batches are read by them', async () => {
  const records = {
    async *batches() {
      yield documents
    },
    [Symbol.asyncIterator](): AsyncIterator<(typeof documents)[0]> {
      throw new Error('row by row')
    },
  }
  const { rowCount } = await writeVectors(records, { ...place(), sharding: { clusters: 2 } })
  assert.equal(rowCount, 20)
})

test('a vector property that no record has is refused, and nothing is published', async () => {
  const { dimensions, ...rest } = withKeys()
  const write = (of: 'vector') => writeSnapshot(documents, { ...rest, vector: { of, dimensions } })
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /the property "vektor" was null or undefined in all 20 records; the properties of the record are id, vector, shard;/,
    () => write('vektor' as 'vector'),
  )
  const { prefix, objects } = rest
  await rejectsWith('SHARD_NOT_FOUND', /nothing is published/, () =>
    SnapshotReader.open({ prefix, objects }),
  )
  assert.equal((await write('vector')).rowCount, 20)
})

test('a path in place of the bytes of a file, and a budget with a unit, are refused by what they are', () => {
  assert.throws(() => readNpy('centroids.npy' as never), /got "centroids.npy"; read the file first/)
  assert.throws(() => setVectorCacheBudget('512MB' as never), /\(bytes\), got "512MB"$/)
})

test('a misspelt option is named with the one that was meant, of all that the function takes', async () => {
  const { prefix, objects } = place()
  const calls: [() => Promise<unknown>, RegExp][] = [
    [
      () => writeVectors([], { ...place(), sharding: { lsh: 2 }, paylod: 'x' } as never),
      /^writeVectors: unknown option "paylod"; did you mean "payload"\?$/,
    ],
    [
      () => writeVectors([], { ...place(), sharding: { lsh: 2 }, values: 'json' } as never),
      /^writeVectors: unknown option "values"/,
    ],
    [
      () => VectorReader.open({ prefix, objects, concurency: 3 } as never),
      /^VectorReader.open: unknown option "concurency"; did you mean "concurrency"\?$/,
    ],
    [
      () => measureRecall({ prefix, objects, topk: 3 } as never),
      /^measureRecall: unknown option "topk"; did you mean "topK"\?$/,
    ],
  ]
  for (const [call, message] of calls) await rejectsWith('SHARD_INVALID_OPTION', message, call)
})
