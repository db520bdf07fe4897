import assert from 'node:assert/strict'
import { test } from 'node:test'
import { updateSnapshot, writeSnapshot } from '@shardyfusion/core'
import { forEachRecord } from '#dist/build/rows/for-each-record.js'
import { memoryPlace } from '../support/memory-place.js'

/** Far more records than are taken before a timer of 1 ms; a signal that is ignored fails at the end. */
const MOST = 20_000_000

function* numbers(): Generator<number> {
  for (let i = 0; i < MOST; i++) yield i
  throw new Error('the signal was ignored')
}

async function* numbersLater(): AsyncGenerator<number> {
  yield* numbers()
}

/** Aborts by a timer, which needs a turn of the event loop. */
function abortSoon(): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('enough')), 1)
  return controller.signal
}

const sources: readonly (readonly [string, () => Iterable<number> | AsyncIterable<number>])[] = [
  ['a generator', numbers],
  ['an async generator that never waits', numbersLater],
  ['batches', () => Object.assign(numbersLater(), { batches: () => batches() })],
]

async function* batches(): AsyncGenerator<number[]> {
  yield numbers() as unknown as number[]
}

for (const [name, records] of sources) {
  test(`an abort by a timer ends the reading of ${name}`, async () => {
    await assert.rejects(
      forEachRecord(records(), abortSoon(), () => undefined),
      /^Error: enough$/,
    )
    // The same if each record returns a promise that is resolved already.
    await assert.rejects(
      forEachRecord(records(), abortSoon(), () => Promise.resolve()),
      /^Error: enough$/,
    )
  })
}

test('an abort by a timer ends a build and an update from a generator', async () => {
  const place = memoryPlace()
  const options = { ...place, values: 'json', key: (n: number) => n } as const
  const sharding = { shards: 2 }
  await writeSnapshot([1, 2], { ...options, sharding })
  const signal = abortSoon()
  await assert.rejects(writeSnapshot(numbers(), { ...options, sharding, signal }), /enough/)
  await assert.rejects(
    updateSnapshot(numbers(), { ...options, value: (n: number) => n, signal: abortSoon() }),
    /enough/,
  )
})
