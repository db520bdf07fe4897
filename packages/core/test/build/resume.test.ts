import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type BuildWarning,
  type PublishedSnapshot,
  ShardyfusionError,
  SnapshotReader,
  SnapshotWriter,
  type SnapshotWriterOptions,
  writeSnapshot,
} from '@shardyfusion/core'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
import { wrapEngine } from '@shardyfusion/core/extend'
import { CLEANUP_TYPE } from '#dist/snapshot/runs/run-claims.js'
import { RunLifecycle } from '#dist/snapshot/runs/run-lifecycle.js'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { watchedEngine } from '../support/watched-engine.js'

trapUnhandledRejections()

const ROWS = 120
const SHARDS = 4
const RUN = 'nightly'

const rows = Array.from({ length: ROWS }, (_, i) => [i, `row ${i}`] as const)
const power = new Error('the power is gone')

type Options = Partial<SnapshotWriterOptions>

function optionsOf(place: Place, more: Options = {}) {
  return {
    ...place,
    sharding: { shards: SHARDS },
    values: 'utf8' as const,
    runId: RUN,
    maxBatchEntries: 5,
    concurrency: 1,
    ...more,
  }
}

/** The place with an engine that notes what it opens and may fail to seal. */
function watched(place: Place, maySeal: (url: string) => boolean = () => true) {
  const opened: string[] = []
  const engine = watchedEngine(place.engine, {
    openWriter: ({ url }) => opened.push(url),
    seal: (url) => {
      if (!maySeal(url)) throw power
    },
  })
  return { place: { ...place, engine }, opened }
}

const SEALS = /run_id=nightly\/db=\d+\/attempt=\d+\/_SEALED$/

/** A build that ends for good after it has sealed so many shards, as if its process had died. */
async function die(
  place: Place,
  sealed: number,
  more: Options = {},
): Promise<SnapshotWriter<string>> {
  const { place: failing } = watched(place, () => sealed-- > 0)
  const writer = await SnapshotWriter.open(optionsOf(failing, more))
  for (const [key, value] of rows) await writer.put(key, value)
  await assert.rejects(() => writer.publish(), power)
  return writer
}

function resume(
  place: Place,
  records: Iterable<readonly [number, string]> = rows,
  more: Options = {},
): Promise<PublishedSnapshot> {
  return writeSnapshot(records, optionsOf(place, { resume: true, ...more }))
}

async function assertWhole(place: Place): Promise<void> {
  const reader = await SnapshotReader.open({ ...place, keys: 'decoded', values: 'utf8' })
  try {
    const found: unknown[] = []
    for await (const [key, value] of reader.scanIter()) found.push([Number(key), value])
    assert.deepEqual(found, rows)
  } finally {
    await reader.close()
  }
}

async function urlsBelow(
  { objects, prefix }: Place,
  part: string | RegExp = '',
): Promise<string[]> {
  const urls: string[] = []
  for await (const { url } of objects.list(prefix)) if (url.search(part) >= 0) urls.push(url)
  return urls
}

const attemptOf = (url: string): string => /db=\d+\/attempt=\d+/.exec(url)![0]

test('a build that died is resumed: sealed shards stay as they are, the others are written anew', async () => {
  const place = memoryPlace()
  await die(place, 2)
  const sealed = (await urlsBelow(place, SEALS)).map(attemptOf)
  assert.equal(sealed.length, 2)

  const { place: second, opened } = watched(place)
  const published = await resume(second)
  await assertWhole(place)
  assert.equal(published.runId, RUN)
  assert.equal(published.shardsResumed, 2)
  assert.equal(published.rowCount, ROWS)
  const kept = published.shards.filter((shard) => shard.attempt === 0)
  assert.deepEqual(
    kept.map((shard) => attemptOf(shard.url!)),
    sealed,
  )
  assert.deepEqual(
    opened.map(attemptOf).sort(),
    published.shards
      .filter((shard) => shard.attempt === 1)
      .map((shard) => attemptOf(shard.url!))
      .sort(),
  )
  assert.equal(opened.length, 2)
  const reference = memoryPlace()
  const whole = await writeSnapshot(rows, optionsOf(reference))
  const facts = ({ shards }: PublishedSnapshot) =>
    shards.map(({ id, rowCount, minKey, maxKey }) => ({ id, rowCount, minKey, maxKey }))
  assert.deepEqual(facts(published), facts(whole))
})

test('resume begins a build where there is none, and may be given every time', async () => {
  const place = memoryPlace()
  const { shardsResumed, attempts } = await resume(place)
  assert.deepEqual([shardsResumed, attempts], [0, SHARDS])
  await assertWhole(place)
})

test('resume after resume: what the first one sealed is kept too', async () => {
  const place = memoryPlace()
  await die(place, 1, { resume: true })
  await die(place, 1, { resume: true })
  const { place: third, opened } = watched(place)
  const published = await resume(third)
  assert.equal(published.shardsResumed, 2)
  const attempts = published.shards.map((shard) => shard.attempt)
  assert.deepEqual(
    attempts.toSorted((a, b) => a - b),
    [0, 1, 2, 2],
  )
  assert.equal(opened.length, 2)
  await assertWhole(place)
})

test('a build that fails keeps its sealed shards for a resumption if asked to, and nothing else', async () => {
  for (const keeps of [true, false]) {
    const place = memoryPlace()
    const writer = await die(place, 2, { resume: keeps })
    await writer.close()
    const shards = new Set((await urlsBelow(place, '/shards/')).map(attemptOf))
    assert.equal(shards.size, keeps ? 2 : 0)
    const { shardsResumed } = await resume(place)
    assert.equal(shardsResumed, keeps ? 2 : 0)
    await assertWhole(place)
  }
})

test('other options than those of the build are refused, by name', async () => {
  const place = memoryPlace()
  await die(place, 2)
  const before = await urlsBelow(place, '/shards/')
  const cel = { cel: 'key % 4', columns: { key: 'int' as const }, shards: 4 }
  for (const [more, message] of [
    [{ sharding: { shards: 5 } }, /was started with num_dbs 4, but is resumed with 5/],
    [{ sharding: cel }, /was started with sharding \{.*"strategy":"hash".*\}, but is/],
    [
      { keyEncoding: 'u32be' },
      /was started with key_encoding "u64be", but is resumed with "u32be"/,
    ],
    [
      { engine: wrapEngine(objectEngine(), { format: 'other' }) },
      /was started with shard_format "object"/,
    ],
  ] as const) {
    await rejectsWith('SHARD_INVALID_OPTION', message, () => resume(place, rows, more))
  }
  const left = (await urlsBelow(place, '/shards/')).filter((url) => !url.endsWith('/_TAKEN'))
  assert.deepEqual(left, before)
  await resume(place)
  await assertWhole(place)
})

test('other input than that of the build is refused, the old snapshot stays, and the right input still resumes', async () => {
  const place = memoryPlace()
  await publishRows(place, 'old', ROWS, { sharding: { shards: 1 } })
  await die(place, 3)
  const sealedKey = await keyInSealedShard(place)
  const without = rows.filter(([key]) => key !== sealedKey)
  const changed = rows.map(([key, value]) => [key, key === sealedKey ? 'changed' : value] as const)
  for (const [input, message] of [
    [
      without,
      /shard \d of run nightly was sealed with \d+ rows, and now gets \d+; resume with the original input/,
    ],
    [[...rows, [sealedKey, 'again'] as const], /now gets \d+ or more/],
    [changed, /now gets as many with other content or in another order/],
    [rows.toReversed(), /in another order/],
    [[], /now gets 0;/],
  ] as const) {
    const error = await rejectsWith('SHARD_INVALID_OPTION', message, () => resume(place, input))
    assert.equal(error.details['runId'], RUN)
    const reader = await SnapshotReader.open({ ...place, values: 'utf8' })
    assert.equal(await reader.get(1), 'old 1')
    await reader.close()
  }
  assert.equal((await resume(place)).shardsResumed, 3)
  await assertWhole(place)
})

async function keyInSealedShard(place: Place): Promise<number> {
  const [url] = await urlsBelow(place, SEALS)
  const bytes = await place.objects.get(url!)
  const { result } = JSON.parse(new TextDecoder().decode(bytes)) as { result: { min_key: number } }
  return result.min_key
}

test('a build that was taken for dead and now gives up takes nothing away from its successor', async () => {
  const place = memoryPlace()
  const zombie = await die(place, 2)
  const writer = await SnapshotWriter.open(optionsOf(place, { resume: true }))
  for (const [key, value] of rows) await writer.put(key, value)
  await zombie.close()
  const { shardsResumed } = await writer.publish()
  assert.equal(shardsResumed, 2)
  await assertWhole(place)
  await writer.close()
})

test('shards that a failed build is about to remove are not taken over', async () => {
  const place = memoryPlace()
  let removing = (): void => {}
  const paused = new Promise<void>((resolve) => (removing = resolve))
  let goOn = (): void => {}
  const may = new Promise<void>((resolve) => (goOn = resolve))
  const { objects } = place
  const remove = objects.delete.bind(objects)
  objects.delete = async (...args) => {
    removing()
    await may
    await remove(...args)
  }
  const failing = await die(place, 2)
  const closing = failing.close()
  await paused
  const { shardsResumed } = await resume(place)
  goOn()
  await closing
  assert.equal(shardsResumed, 0)
  await assertWhole(place)
})

test('a published run that is resumed is left as it is', async () => {
  const place = memoryPlace()
  const first = await resume(place)
  const before = (await urlsBelow(place)).filter((url) => !url.includes('/runs/'))
  const { place: second, opened } = watched(place)
  const again = await resume(second)
  assert.deepEqual(opened, [])
  assert.equal(again.manifestRef, first.manifestRef)
  assert.deepEqual(again.shards, first.shards)
  assert.equal(again.shardsResumed, SHARDS)
  const after = (await urlsBelow(place)).filter((url) => !url.includes('/runs/'))
  assert.deepEqual(
    after.filter((url) => !url.endsWith('/_TAKEN')),
    before,
  )
  await rejectsWith('SHARD_INVALID_OPTION', /was sealed with \d+ rows/, () =>
    resume(place, rows.slice(1)),
  )
  await assertWhole(place)

  await publishRows(place, 'newer', 5)
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /"nightly" is published below .*; the current snapshot is of run "[0-9a-f]{32}", and resuming does not replace it/,
    () => resume(place),
  )
})

test('a published run whose empty shard now gets rows is refused', async () => {
  const place = memoryPlace()
  const few = rows.slice(0, 1)
  await resume(place, few)
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /run nightly is published, and its shard \d has no rows, but now gets some/,
    () => resume(place),
  )
})

test('a build that died between manifest and pointer is resumed without writing a shard', async () => {
  const place = memoryPlace()
  const put = place.objects.put.bind(place.objects)
  place.objects.put = async (url, bytes, options) => {
    if (url.endsWith('/_CURRENT')) throw power
    return put(url, bytes, options)
  }
  const writer = await SnapshotWriter.open({
    ...optionsOf(place),
    signal: AbortSignal.timeout(500),
  })
  for (const [key, value] of rows) await writer.put(key, value)
  // The retries of the pointer are cut short by the signal.
  await assert.rejects(() => writer.publish(), { name: 'TimeoutError' })
  place.objects.put = put
  const { place: second, opened } = watched(place)
  const published = await resume(second)
  assert.deepEqual(opened, [])
  assert.equal(published.shardsResumed, SHARDS)
  await assertWhole(place)
  const manifests = new ObjectManifestStore(place.objects, place.prefix)
  assert.equal((await manifests.loadCurrent())!.ref, published.manifestRef)
})

test('a seal that cannot be read, or is that of a copy, is a warning, and its shard is written again', async () => {
  const place = memoryPlace()
  await die(place, 3)
  const [broken, foreign] = await urlsBelow(place, SEALS)
  await place.objects.put(broken!, new TextEncoder().encode('{"format_version":'))
  const seal = new TextDecoder().decode(await place.objects.get(foreign!))
  await place.objects.put(
    foreign!,
    new TextEncoder().encode(seal.replace(/place\/snapshots/g, 'place/elsewhere')),
  )
  const warnings: BuildWarning[] = []
  const published = await resume(place, rows, { onWarning: (warning) => warnings.push(warning) })
  assert.equal(published.shardsResumed, 1)
  assert.match(
    warnings.map(({ message }) => message).join('\n'),
    /the seal of .* cannot be read; its shard is written again/,
  )
  assert.match(
    warnings.map(({ message }) => message).join('\n'),
    /belongs to memory:\/\/place\/elsewhere/,
  )
  await assertWhole(place)
})

test('a shard that was taken over and vanished is not published', async () => {
  const place = memoryPlace()
  await publishRows(place, 'old', ROWS, { sharding: { shards: 1 } })
  await die(place, 2)
  const writer = await SnapshotWriter.open(optionsOf(place, { resume: true }))
  for (const [key, value] of rows) await writer.put(key, value)
  const [seal] = await urlsBelow(place, SEALS)
  await place.objects.deletePrefix(seal!.replace('/_SEALED', ''))
  const error = await rejectsWith(
    'SHARD_NOT_FOUND',
    /no longer exists at .*; another process has removed it/,
    () => writer.publish(),
  )
  assert.equal(error.retryable, true)
  await writer.close()
  const reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.equal(await reader.get(1), 'old 1')
  await reader.close()
  await resume(place)
  await assertWhole(place)
})

test('a seal that could not be noted is a warning; the build goes on', async () => {
  const place = memoryPlace()
  const put = place.objects.put.bind(place.objects)
  place.objects.put = async (url, bytes, options) => {
    if (url.endsWith('/_SEALED')) throw new ShardyfusionError('SHARD_STORE', 'no')
    return put(url, bytes, options)
  }
  const warnings: BuildWarning[] = []
  await resume(place, rows, { onWarning: (warning) => warnings.push(warning) })
  assert.equal(warnings.length, SHARDS)
  assert.match(
    warnings[0]!.message,
    /^shard \d is sealed, but the mark for resuming could not be stored$/,
  )
  await assertWhole(place)
})

test('shards of an expression that shows how many there are at the end are resumed too', async () => {
  const place = memoryPlace()
  const sharding = { cel: 'key % 4', columns: { key: 'int' as const } }
  await die(place, 2, { sharding })
  assert.equal((await resume(place, rows, { sharding })).shardsResumed, 2)
  await assertWhole(place)
})

test('two builds of one run id at once write to places of their own, and both are whole', async () => {
  const place = memoryPlace()
  const open = () => SnapshotWriter.open(optionsOf(place))
  const [first, second] = [await open(), await open()]
  for (const [key, value] of rows) {
    await first.put(key, value)
    await second.put(key, value)
  }
  const [one, two] = await Promise.all([first.publish(), second.publish()])
  const urls = [...one.shards, ...two.shards].map((shard) => shard.url!)
  assert.equal(new Set(urls).size, 2 * SHARDS)
  const manifests = new ObjectManifestStore(place.objects, place.prefix)
  for (const { ref } of await manifests.listManifests()) {
    await manifests.setCurrent(ref)
    await assertWhole(place)
  }
  await Promise.all([first.close(), second.close()])
})

test('every build has a record: running, then succeeded with its manifest, or failed with the reason', async () => {
  const place = memoryPlace()
  const registry = new ObjectRunRegistry(place.objects, place.prefix)
  const writer = await SnapshotWriter.open(optionsOf(place))
  const [ref] = await registry.list()
  assert.equal((await registry.load(ref!.ref)).status, 'running')
  await writer.put(1, 'x')
  const published = await writer.publish()
  assert.equal(published.runRecordRef, ref!.ref)
  const record = await registry.load(ref!.ref)
  assert.deepEqual([record.status, record.manifestRef], ['succeeded', published.manifestRef])
  await writer.close()
  assert.equal((await registry.load(ref!.ref)).status, 'succeeded')

  const abandoned = await SnapshotWriter.open({ ...optionsOf(place), runId: 'abandoned' })
  await abandoned.close()
  const bad = [
    [1, 'x'],
    [-1, 'y'],
  ] as const
  await rejectsWith('SHARD_INVALID_KEY', /record 1/, () =>
    writeSnapshot(bad, { ...optionsOf(place), runId: 'bad' }),
  )
  const failed = await Promise.all(
    (await registry.list()).map(({ ref: url }) => registry.load(url)),
  )
  const byRun = new Map(failed.map((one) => [one.runId, one]))
  assert.match(byRun.get('abandoned')!.errorMessage!, /closed without publish\(\)/)
  assert.equal(byRun.get('bad')!.status, 'failed')
  assert.match(byRun.get('bad')!.errorMessage!, /-1/)
})

test('a run that a cleanup is removing is neither resumed nor begun', async () => {
  const place = memoryPlace()
  await die(place, 2)
  const cleaning = await RunLifecycle.start(new ObjectRunRegistry(place.objects, place.prefix), {
    runId: RUN,
    prefix: place.prefix,
    shardPrefix: 'shards',
    dbPathTemplate: 'db={db_id:05d}',
    writerType: CLEANUP_TYPE,
  })
  for (const more of [{ resume: true }, {}]) {
    const error = await rejectsWith('SHARD_BUSY', /a cleanup is removing run "nightly"/, () =>
      SnapshotWriter.open(optionsOf(place, more)),
    )
    assert.equal(error.retryable, true)
  }
  await cleaning.succeed()
  await resume(place)
  await assertWhole(place)
})

test('a registry that fails is a warning, and the build goes on without a record', async () => {
  const place = memoryPlace()
  const put = place.objects.put.bind(place.objects)
  place.objects.put = async (url, bytes, options) => {
    if (url.includes('/runs/')) throw new ShardyfusionError('SHARD_STORE', 'no records here')
    return put(url, bytes, options)
  }
  const warnings: BuildWarning[] = []
  const published = await resume(place, rows, { onWarning: (warning) => warnings.push(warning) })
  assert.equal(published.runRecordRef, undefined)
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['the record of run nightly could not be written (create)'],
  )
  await assertWhole(place)
})

test('a build whose id nobody gave is resumed by that id too, its rows known again by their number alone', async () => {
  const place = memoryPlace()
  const { runId } = await die(place, 2, { runId: undefined })
  const again = await rejectsWith('SHARD_INVALID_OPTION', /was sealed with \d+ rows/, () =>
    resume(place, rows.slice(0, 20), { runId }),
  )
  assert.equal(again.details['runId'], runId)
  assert.equal((await resume(place, rows, { runId })).shardsResumed, 2)
  await assertWhole(place)
})
