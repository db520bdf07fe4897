import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import {
  ShardyfusionError,
  SnapshotReader,
  SnapshotWriter,
  writeSnapshot,
} from '@shardyfusion/core'
import { kindOf, withPut } from '../support/failing-store.js'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'
import { tempFolder, tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'

trapUnhandledRejections()

const outage = (): Error =>
  new ShardyfusionError('SHARD_STORE', 'Store.put: 503 Slow Down', { retryable: true })

/** A place whose store fails the first `times` puts of one kind, before or after doing what was asked. */
async function failingPlace(kind: 'pointer' | 'manifest', times: number, when: 'before' | 'after') {
  const good = memoryPlace()
  await publishRows(good, 'old')
  const tries = { pointer: 0, manifest: 0, shard: 0, note: 0 }
  const objects = withPut(good.objects, async (url, bytes, options, put) => {
    tries[kindOf(url)]++
    const fails = kindOf(url) === kind && tries[kind] <= times
    if (fails && when === 'before') throw outage()
    const written = await put(url, bytes, options)
    if (fails) throw outage()
    return written
  })
  return { good, place: { ...good, objects } satisfies Place, tries }
}

async function rowOf(place: Place, key: number): Promise<string | undefined> {
  const reader = await SnapshotReader.open({
    ...place,
    values: 'utf8',
    maxFallbackAttempts: 0,
  })
  try {
    return await reader.get(key)
  } finally {
    await reader.close()
  }
}

async function openWriter(place: Place, runId?: string): Promise<SnapshotWriter<string>> {
  const writer = await SnapshotWriter.open({
    ...place,
    sharding: { shards: 3 },
    values: 'utf8',
    ...(runId === undefined ? {} : { runId }),
  })
  for (let i = 0; i < 20; i++) await writer.put(i, `new ${i}`)
  return writer
}

const shardsOf = async ({ objects, prefix }: Place, runId: string): Promise<number> =>
  (await objects.listPrefixes(`${prefix}/shards/run_id=${runId}`)).length

/** Lets retries come at once. */
function withoutWaiting(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setTimeout'] })
}

/** Waits for `work`, passing the time its retries wait for. */
async function passingTime<T>(t: TestContext, work: Promise<T>): Promise<T> {
  const pending = new Set([work])
  const done = work.finally(() => pending.delete(work))
  done.catch(() => {})
  while (pending.size > 0) {
    await new Promise(setImmediate)
    t.mock.timers.tick(500)
  }
  return done
}

test('a pointer that fails three times is written at the fourth', async (t) => {
  withoutWaiting(t)
  const { good, place, tries } = await failingPlace('pointer', 3, 'before')
  const writer = await openWriter(place)
  const { manifestRef } = await passingTime(t, writer.publish())
  assert.deepEqual([tries.pointer, tries.manifest, tries.shard], [4, 1, 3])
  assert.equal(await rowOf(good, 4), 'new 4')
  assert.equal(
    (await new ObjectManifestStore(good.objects, good.prefix).loadCurrent())!.ref,
    manifestRef,
  )
  await writer.close()
})

test('a pointer that fails for good leaves the old snapshot current; publish() may be tried again', async (t) => {
  withoutWaiting(t)
  const { good, place, tries } = await failingPlace('pointer', 4, 'before')
  const writer = await openWriter(place, 'unlucky')
  const error = await rejectsWith(
    'SHARD_PUBLISH',
    /run unlucky is not published: the pointer to .* could not be written; publish it again$/,
    () => passingTime(t, writer.publish()),
  )
  assert.equal(error.retryable, true)
  assert.equal(error.details.peer, 'PublishManifestError')
  assert.equal(typeof error.details['manifestRef'], 'string')
  assert.equal(tries.pointer, 4)
  assert.equal(await rowOf(good, 4), 'old 4')
  await rejectsWith('SHARD_CLOSED', /sealed, and publish\(\) may be called again/, () =>
    writer.put(1, 'x'),
  )

  const shardPuts = tries.shard
  await passingTime(t, writer.publish())
  assert.equal(tries.shard, shardPuts, 'the shards are not written again')
  assert.equal(await rowOf(good, 4), 'new 4')
  await rejectsWith('SHARD_CLOSED', /published already/, () => writer.publish())
  await writer.close()
  assert.equal(await rowOf(good, 4), 'new 4')
})

test('a manifest that cannot be written leaves the old snapshot current; publish() may be tried again', async () => {
  const { good, place, tries } = await failingPlace('manifest', 1, 'before')
  const writer = await openWriter(place, 'unlucky')
  const error = await rejectsWith(
    'SHARD_PUBLISH',
    /run unlucky is not published: its manifest could not be written; publish again/,
    () => writer.publish(),
  )
  assert.equal(error.retryable, true)
  assert.equal((error.cause as ShardyfusionError).message, 'Store.put: 503 Slow Down')
  assert.equal(tries.pointer, 0)
  assert.equal(await rowOf(good, 4), 'old 4')
  await writer.publish()
  assert.equal(await rowOf(good, 4), 'new 4')
  await writer.close()
})

for (const kind of ['manifest', 'pointer'] as const) {
  test(`a ${kind} the store wrote although it failed: closing does not take its shards away`, async (t) => {
    withoutWaiting(t)
    const { good, place } = await failingPlace(kind, 4, 'after')
    const writer = await openWriter(place, 'doubtful')
    await rejectsWith('SHARD_PUBLISH', /doubtful/, () => passingTime(t, writer.publish()))
    await writer.close()
    assert.equal(await shardsOf(good, 'doubtful'), 3)
    assert.equal(await rowOf(good, 4), kind === 'pointer' ? 'new 4' : 'old 4')
    // Whoever falls back to the newest manifest, or rolls forward to it, finds it whole.
    const manifests = new ObjectManifestStore(good.objects, good.prefix)
    const [newest] = await manifests.listManifests(1)
    assert.equal(newest?.runId, 'doubtful')
    await manifests.setCurrent(newest.ref)
    assert.equal(await rowOf(good, 4), 'new 4')
  })
}

test('writeSnapshot tells a failed publication as it is, and the next one succeeds', async (t) => {
  withoutWaiting(t)
  const { good, place } = await failingPlace('pointer', 4, 'before')
  await rejectsWith('SHARD_PUBLISH', /unlucky/, () =>
    passingTime(t, publishRows(place, 'new', 20, { runId: 'unlucky' })),
  )
  assert.equal(await rowOf(good, 4), 'old 4')
  await passingTime(t, publishRows(place, 'new', 20, { runId: 'unlucky' }))
  assert.equal(await rowOf(good, 4), 'new 4')
})

test('an abort while the pointer is being written keeps the shards, whoever wins', async () => {
  const good = memoryPlace()
  await publishRows(good, 'old')
  const stop = new AbortController()
  const reason = new Error('enough')
  const objects = withPut(good.objects, async (url, bytes, options, put) => {
    const written = await put(url, bytes, { ...options, signal: undefined })
    if (kindOf(url) !== 'pointer') return written
    // Written; but the answer does not come through any more.
    stop.abort(reason)
    throw reason
  })
  const writer = await SnapshotWriter.open({
    ...good,
    objects,
    sharding: { shards: 2 },
    values: 'utf8',
    signal: stop.signal,
    runId: 'aborted',
  })
  for (let i = 0; i < 20; i++) await writer.put(i, `new ${i}`)
  await assert.rejects(() => writer.publish(), reason)
  await writer.close()
  assert.equal(await rowOf(good, 4), 'new 4')
})

test('closing while publishing waits, and never removes what becomes visible', async () => {
  for (const kind of ['shard', 'manifest', 'pointer'] as const) {
    const good = memoryPlace()
    await publishRows(good, 'old')
    let close = (): void => {}
    const closing: Promise<void>[] = []
    const objects = withPut(good.objects, async (url, bytes, options, put) => {
      if (kindOf(url) === kind) close()
      await new Promise(setImmediate)
      return put(url, bytes, options)
    })
    const writer = await openWriter({ ...good, objects })
    close = () => closing.push(writer.close())
    await writer.publish()
    assert.ok(closing.length > 0)
    await Promise.all(closing)
    assert.equal(await rowOf(good, 4), 'new 4', `closed at the ${kind}`)
  }
})

test('a progress callback that fails does not make a published snapshot look unpublished', async () => {
  const place = memoryPlace()
  const { runId } = await publishRows(place, 'new', 20, {
    onProgress: ({ phase }) => {
      if (phase === 'done') throw new Error('the terminal is gone')
    },
  })
  assert.equal(await rowOf(place, 4), 'new 4')
  assert.ok(runId)
  // Before that it ends the build.
  await assert.rejects(
    () =>
      publishRows(place, 'newer', 20, {
        onProgress: ({ phase }) => {
          if (phase === 'publishing') throw new Error('the terminal is gone')
        },
      }),
    /the terminal is gone/,
  )
  assert.equal(await rowOf(place, 4), 'new 4')
})

const ROOT = process.getuid?.() === 0

/** Runs `body` without the right to ignore permissions. */
async function asNobody<T>(body: () => Promise<T>): Promise<T> {
  if (!ROOT) return body()
  process.seteuid!(65_534)
  try {
    return await body()
  } finally {
    process.seteuid!(0)
  }
}

test(
  'a folder that may not be written: a clear error, the old snapshot stays',
  { skip: process.platform === 'win32' },
  async () => {
    const prefix = tempPrefix()
    const options = { prefix, sharding: { shards: 1 }, values: 'utf8' } as const
    // Also loads the binding, which may take longer than the limit below.
    await writeSnapshot([[1, 'old']], { ...options, engine: 'native' })
    const folder = fileURLToPath(prefix)
    await chmod(folder, 0o555)
    try {
      await asNobody(async () => {
        // The engine itself would try again and again, without a word.
        const error = await rejectsWith(
          'SHARD_TIMEOUT',
          /did not open within 500 ms; check that the folder is reachable and writable/,
          () => writeSnapshot([[1, 'new']], { ...options, engine: 'native', openTimeoutMs: 500 }),
        )
        assert.ok(error.message.includes(prefix))
        await rejectsWith('SHARD_STORE', /FileStore\.put: .*EACCES; check the permissions/, () =>
          writeSnapshot([[1, 'new']], { ...options, engine: 'wasm' }),
        )
      })
    } finally {
      await chmod(folder, 0o755)
    }
    const reader = await SnapshotReader.open({ prefix, values: 'utf8' })
    assert.equal(await reader.get(1), 'old')
    await reader.close()
  },
)

test(
  'manifests that may not be written: a clear error, nothing published',
  { skip: process.platform === 'win32' },
  async () => {
    const prefix = tempPrefix()
    const folder = fileURLToPath(prefix)
    await mkdir(join(folder, 'manifests'))
    await mkdir(join(folder, 'shards'))
    await chmod(join(folder, 'shards'), 0o777)
    await chmod(folder, 0o755)
    await asNobody(async () => {
      const error = await rejectsWith(
        'SHARD_PUBLISH',
        /run .* is not published: its manifest could not be written/,
        () => writeSnapshot([[1, 'new']], { prefix, sharding: { shards: 1 }, values: 'utf8' }),
      )
      assert.match(
        (error.cause as Error).message,
        /FileStore\.put: .* failed with EACCES; check the permissions/,
      )
    })
    await rejectsWith('SHARD_NOT_FOUND', /nothing is published below/, () =>
      SnapshotReader.open({ prefix }),
    )
  },
)

test('a file where a folder should be is named', async () => {
  const folder = tempFolder()
  const prefix = `file://${folder}/snapshots`
  await mkdir(join(folder, 'snapshots'))
  await writeFile(join(folder, 'snapshots/manifests'), 'in the way')
  const build = () =>
    writeSnapshot([[1, 'new']], { prefix, sharding: { shards: 1 }, values: 'utf8' })
  const error = await rejectsWith('SHARD_PUBLISH', /could not be written/, build)
  assert.match((error.cause as Error).message, /FileStore\.put: .*(ENOTDIR|EEXIST)/)
  await rm(join(folder, 'snapshots/manifests'))
  await build()
  assert.ok((await readdir(dirname(join(folder, 'snapshots/x')))).includes('_CURRENT'))
})
