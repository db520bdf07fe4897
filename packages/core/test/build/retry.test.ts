import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import {
  type BuildProgress,
  type BuildWarning,
  ShardyfusionError,
  slatedb,
  SnapshotReader,
  type SnapshotWriterOptions,
  SnapshotWriter,
} from '@shardyfusion/core'
import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
import { withPut } from '../support/failing-store.js'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { type EngineHooks, watchedEngine } from '../support/watched-engine.js'

trapUnhandledRejections()

const ROWS = 200
const RETRY = { maxRetries: 3, initialBackoffMs: 1, backoffMultiplier: 1 }
const OPTIONS = { maxBatchEntries: 5, retry: RETRY, concurrency: 2 } as const

const outage = (): Error =>
  new ShardyfusionError('SHARD_STORE', 'Store.put: 503 Slow Down', { retryable: true })

/** Fails the attempts whose number is in `failing`, of the shard that is hit first. */
function failing(
  step: 'openWriter' | 'write' | 'seal' | 'closeWriter',
  attempts: number,
  error: () => unknown = outage,
): { hooks: EngineHooks; tried: string[] } {
  const tried: string[] = []
  let shard: string | undefined
  const fail = (url: string): void => {
    const [, db, attempt] = /(db=\d+)\/attempt=(\d+)$/.exec(url)!
    shard ??= db
    if (db !== shard || tried.includes(attempt!) || Number(attempt) >= attempts) return
    tried.push(attempt!)
    throw error()
  }
  return {
    tried,
    hooks: step === 'openWriter' ? { openWriter: ({ url }) => fail(url) } : { [step]: fail },
  }
}

async function everything(place: Place): Promise<Map<number, string>> {
  const reader = await SnapshotReader.open({ ...place, keys: 'decoded', values: 'utf8' })
  try {
    const rows = new Map<number, string>()
    for await (const [key, value] of reader.scanIter()) rows.set(Number(key), value)
    return rows
  } finally {
    await reader.close()
  }
}

const expected = (mark: string): Map<number, string> =>
  new Map(Array.from({ length: ROWS }, (_, i) => [i, `${mark} ${i}`]))

async function urlsBelow({ objects, prefix }: Place): Promise<string[]> {
  const urls: string[] = []
  for await (const { url } of objects.list(prefix)) urls.push(url)
  return urls
}

for (const step of ['openWriter', 'write', 'seal', 'closeWriter'] as const) {
  test(`a shard whose ${step} fails twice is written a third time, whole, at a URL of its own`, async () => {
    const { hooks, tried } = failing(step, 2)
    const engine = watchedEngine(objectEngine(), hooks)
    const place = memoryPlace(engine)
    const warnings: BuildWarning[] = []
    const progress: BuildProgress[] = []
    const spoolDirectory = tempFolder()
    const published = await publishRows(place, 'row', ROWS, {
      ...OPTIONS,
      spoolDirectory,
      onWarning: (warning) => warnings.push(warning),
      onProgress: (report) => progress.push(report),
    })
    assert.deepEqual(tried, ['00', '01'])
    assert.deepEqual(await everything(place), expected('row'))
    assert.equal(published.attempts, 3 + 2)
    assert.equal(published.losersRemoved, 2)
    const attempts = published.shards.map((shard) => shard.attempt).sort((a, b) => a - b)
    assert.deepEqual(attempts, [0, 0, 2])
    const retried = published.shards.find((shard) => shard.attempt === 2)!
    assert.match(retried.url!, /attempt=02$/)
    assert.equal(retried.writerInfo.attempt, 2)
    assert.equal(
      published.shards.reduce((sum, shard) => sum + shard.rowCount, 0),
      ROWS,
    )
    for (const url of await urlsBelow(place))
      assert.doesNotMatch(url, new RegExp(`0000${retried.id}/attempt=0[01]`))

    assert.deepEqual(
      warnings.map(({ message }) => message),
      [1, 2].map((n) => `attempt ${n} at shard ${retried.id} failed; the next one starts in 1 ms`),
    )
    assert.match((warnings[0]!.error as Error).message, /503 Slow Down/)
    const last = progress.at(-1)!
    assert.equal(last.retries, 2)
    assert.deepEqual(last.retriedShards, [{ shard: retried.id, failedAttempts: 2 }])
    assert.deepEqual([...new Set(progress.map(({ retries }) => retries))].at(-2), 1)
    assert.equal(engine.counts.writers, 0, 'attempts that failed were closed')
    assert.deepEqual(await readdir(spoolDirectory), [])
  })
}

test('a shard that fails in every attempt fails the build with the last error; all attempts are removed', async () => {
  const { hooks, tried } = failing('seal', 4)
  const place = memoryPlace(watchedEngine(objectEngine(), hooks))
  await publishRows(memoryPlace(), 'old')
  const error = await rejectsWith(
    'SHARD_STORE',
    /^shard \d, after 4 attempts: Store\.put: 503 Slow Down$/,
    () => publishRows(place, 'row', ROWS, OPTIONS),
  )
  assert.deepEqual(tried, ['00', '01', '02', '03'])
  assert.equal(error.retryable, true)
  assert.equal(error.details['attempts'], 4)
  for (const url of await urlsBelow(place)) assert.match(url, /\/run\.yaml$/)
  const registry = new ObjectRunRegistry(place.objects, place.prefix)
  const [run] = await registry.list()
  const record = await registry.load(run!.ref)
  assert.equal(record.status, 'failed')
  assert.match(record.errorMessage!, /after 4 attempts/)
})

test('what may not pass is not tried again', async () => {
  const refused = (): Error => new ShardyfusionError('SHARD_STORE', 'AccessDenied')
  const { hooks, tried } = failing('write', 4, refused)
  const place = memoryPlace(watchedEngine(objectEngine(), hooks))
  await rejectsWith('SHARD_STORE', /^AccessDenied$/, () => publishRows(place, 'row', ROWS, OPTIONS))
  assert.deepEqual(tried, ['00'])
})

test('what is no error of the SDK may pass, and has the name of the reference if it does not', async () => {
  const disk = new Error('disk full')
  const place = memoryPlace(watchedEngine(objectEngine(), failing('write', 1, () => disk).hooks))
  await publishRows(place, 'row', ROWS, OPTIONS)
  assert.deepEqual(await everything(place), expected('row'))

  const hopeless = memoryPlace(watchedEngine(objectEngine(), failing('write', 9, () => disk).hooks))
  const error = await rejectsWith(
    'SHARD_ENGINE',
    /after 4 attempts: SnapshotWriter: shard \d could not be written: disk full/,
    () => publishRows(hopeless, 'row', ROWS, OPTIONS),
  )
  assert.equal(error.details.peer, 'ShardWriteError')
  assert.equal(((error.cause as Error).cause as Error).message, 'disk full')
})

test('without retry the first failure is the last, as it came', async () => {
  const disk = new Error('disk full')
  const { hooks, tried } = failing('write', 1, () => disk)
  const place = memoryPlace(watchedEngine(objectEngine(), hooks))
  await assert.rejects(() => publishRows(place, 'row', ROWS, { maxBatchEntries: 5 }), disk)
  assert.deepEqual(tried, ['00'])
})

test('waits grow by the multiplier', async () => {
  const delays: number[] = []
  const { hooks } = failing('seal', 3)
  const place = memoryPlace(watchedEngine(objectEngine(), hooks))
  await publishRows(place, 'row', ROWS, {
    ...OPTIONS,
    retry: { initialBackoffMs: 2, backoffMultiplier: 3 },
    onWarning: ({ message }) => delays.push(Number(/(\d+) ms$/.exec(message)![1])),
  })
  assert.deepEqual(delays, [2, 6, 18])
})

test('closing, or aborting, ends the wait for another attempt at once', async () => {
  for (const how of ['close', 'abort'] as const) {
    const stop = new AbortController()
    const place = memoryPlace(watchedEngine(objectEngine(), failing('write', 9).hooks))
    let failed: () => void = () => {}
    const waiting = new Promise<void>((resolve) => (failed = resolve))
    const options: SnapshotWriterOptions & { values: 'utf8' } = {
      ...place,
      ...OPTIONS,
      sharding: { shards: 1 },
      values: 'utf8',
      signal: stop.signal,
      // An hour: if it were waited for, the test would hang.
      retry: { initialBackoffMs: 3_600_000 },
      onWarning: () => failed(),
    }
    const writer = await SnapshotWriter.open(options)
    for (let i = 0; i < 5; i++) await writer.put(i, 'x')
    await waiting
    if (how === 'abort') stop.abort(new Error('enough'))
    await writer.close()
    for (const url of await urlsBelow(place)) assert.match(url, /\/run\.yaml$/, how)
  }
})

test('a caller who fails to take a warning does not end the build', async () => {
  const place = memoryPlace(watchedEngine(objectEngine(), failing('write', 1).hooks))
  await publishRows(place, 'row', ROWS, {
    ...OPTIONS,
    onWarning: () => {
      throw new Error('the log is full')
    },
  })
  assert.deepEqual(await everything(place), expected('row'))
})

test('options of retry and rateLimit are checked by name', async () => {
  const place = memoryPlace()
  for (const [options, message] of [
    [{ retry: { maxRetry: 1 } }, /unknown option "retry\.maxRetry"/],
    [
      { retry: { maxRetries: -1 } },
      /retry\.maxRetries must be an integer of 0 or more \(retries\)/,
    ],
    [
      { retry: { backoffMultiplier: 0.5 } },
      /retry\.backoffMultiplier must be a number of 1 or more/,
    ],
    [
      { rateLimit: { rowsPerSecond: 0 } },
      /rateLimit\.rowsPerSecond must be a number above 0 \(rows per second\)/,
    ],
    [{ rateLimit: { bytesPerSecond: Number.POSITIVE_INFINITY } }, /must be a number above 0/],
    [{ resume: 'yes' }, /resume must be true or false/],
    [{ resume: true }, /resume needs the runId of the build to continue/],
  ] as const) {
    await rejectsWith('SHARD_INVALID_OPTION', message, () =>
      publishRows(place, 'row', 1, options as Partial<SnapshotWriterOptions>),
    )
  }
})

test('SlateDB whose storage fails for a while: its shard is written again, elsewhere and whole', async () => {
  const good = memoryPlace(slatedb({ runtime: 'wasm' }))
  let failures = 3
  const objects = withPut(good.objects, async (url, bytes, options, put) => {
    // Tables: what the engine alone would try again in an hour.
    if (url.includes('/compacted/') && failures-- > 0) throw outage()
    return put(url, bytes, options)
  })
  const warnings: BuildWarning[] = []
  const published = await publishRows({ ...good, objects }, 'row', ROWS, {
    ...OPTIONS,
    onWarning: (warning) => warnings.push(warning),
  })
  assert.equal(warnings.length, 3)
  assert.equal(published.attempts, 3 + 3)
  assert.deepEqual(await everything(good), expected('row'))
  const urls = await urlsBelow(good)
  for (const { url } of published.shards)
    assert.ok(urls.some((object) => object.startsWith(`${url}/`)))
  const attempts = new Set(urls.flatMap((url) => /db=\d+\/attempt=\d+/.exec(url) ?? []))
  assert.equal(attempts.size, 3, 'attempts that lost are gone')
})
