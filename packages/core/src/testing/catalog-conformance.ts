import assert from 'node:assert/strict'
import type { ShardyfusionError } from '../errors.js'
import type { Catalog } from '../snapshot/catalog/catalog.js'
import { emptyShard, type Manifest } from '../snapshot/manifest/manifest.js'
import { RUN_RECORD_FORMAT_VERSION, type RunRecord } from '../snapshot/runs/run-record.js'

/** A catalog for the conformance suite. */
export interface CatalogConformanceHarness<T = unknown> {
  /** Starts the names of the tests. */
  readonly name: string
  /** Registers one test, such as `test` of node:test. */
  readonly test: (name: string, body: (context: T) => Promise<void>) => unknown
  /** Returns an empty catalog for one test, whose context is given; only that test uses it. */
  readonly open: (context: T) => Promise<Catalog>
  /**
   * The effect of a second publication of one run: it adds a manifest (default), or replaces the
   * first one in catalogs whose refs are run ids.
   */
  readonly republication?: 'adds' | 'replaces'
}

const PREFIX = 's3://conformance/snapshots'
const NOWHERE = `${PREFIX}/manifests/2026-01-01T00:00:00.000000Z_run_id=nowhere/manifest`

/** Registers the tests that every {@link Catalog} must pass, one by one. */
export function runCatalogConformance<T>(harness: CatalogConformanceHarness<T>): void {
  const check = (behaviour: string, run: (catalog: Catalog) => Promise<void>): void => {
    harness.test(`${harness.name}: ${behaviour}`, async (context) => {
      const catalog = await harness.open(context)
      try {
        await run(catalog)
      } finally {
        await catalog.close?.()
      }
    })
  }

  check('where nothing is published, nothing is current', async ({ manifests }) => {
    assert.equal(await manifests.loadCurrent(), undefined)
    assert.deepEqual(await manifests.listManifests(), [])
  })

  check('a published manifest is current, listed and comes back as it was', async (catalog) => {
    const { manifests } = catalog
    const manifest = manifestOf('first')
    const ref = await manifests.publish(manifest)
    assert.equal(ref.runId, 'first')
    assert.equal(typeof ref.publishedMicros, 'bigint')
    assert.deepEqual(await manifests.loadManifest(ref.ref), manifest)
    const current = await manifests.loadCurrent()
    assert.deepEqual([current?.ref, current?.runId], [ref.ref, 'first'])
    const listed = await manifests.listManifests()
    assert.deepEqual(
      listed.map((one) => [one.ref, one.runId]),
      [[ref.ref, 'first']],
    )
  })

  check('the last publication is current, and the newest is listed first', async (catalog) => {
    const { manifests } = catalog
    const refs: string[] = []
    for (const runId of ['a', 'b', 'c']) refs.push((await manifests.publish(manifestOf(runId))).ref)
    assert.equal((await manifests.loadCurrent())?.runId, 'c')
    const listed = await manifests.listManifests()
    assert.deepEqual(
      listed.map(({ ref }) => ref),
      refs.toReversed(),
    )
    assert.ok(listed[0]!.publishedMicros > listed[1]!.publishedMicros)
    const two = await manifests.listManifests(2)
    assert.deepEqual(
      two.map(({ runId }) => runId),
      ['c', 'b'],
    )
    for (const limit of [0, -1, 1.5])
      await rejectsWith('SHARD_INVALID_OPTION', () => manifests.listManifests(limit))
  })

  check('a run may publish more than once', async ({ manifests }) => {
    const first = await manifests.publish(manifestOf('again'))
    const second = await manifests.publish({ ...manifestOf('again'), keyColumn: 'other' })
    if (harness.republication === 'replaces') {
      assert.equal(first.ref, second.ref)
      assert.equal((await manifests.loadManifest(second.ref)).keyColumn, 'other')
      assert.equal((await manifests.listManifests()).length, 1)
      assert.equal((await manifests.loadCurrent())?.ref, second.ref)
      return
    }
    assert.notEqual(first.ref, second.ref)
    assert.equal((await manifests.loadManifest(first.ref)).keyColumn, 'id')
    assert.equal((await manifests.loadManifest(second.ref)).keyColumn, 'other')
    assert.equal((await manifests.listManifests()).length, 2)
  })

  check('publications at the same time are all listed, and one is current', async (catalog) => {
    const { manifests } = catalog
    const runIds = Array.from({ length: 8 }, (_, i) => `at-once-${i}`)
    await Promise.all(runIds.map((runId) => manifests.publish(manifestOf(runId))))
    const listed = await manifests.listManifests(100)
    assert.deepEqual(listed.map(({ runId }) => runId).sort(), runIds)
    const current = await manifests.loadCurrent()
    assert.ok(runIds.includes(current!.runId))
    assert.equal((await manifests.loadManifest(current!.ref)).runId, current!.runId)
  })

  check(
    'a publication that expects another manifest to be current publishes nothing',
    async (catalog) => {
      const { manifests } = catalog
      const first = await manifests.publish(manifestOf('first'))
      const second = await manifests.publish(manifestOf('second'), { expectedCurrent: first.ref })
      const conflict = await rejectsWith('SHARD_PUBLISH', () =>
        manifests.publish(manifestOf('third'), { expectedCurrent: first.ref }),
      )
      assert.equal(conflict.details['conflict'], true)
      await rejectsWith('SHARD_PUBLISH', () =>
        manifests.setCurrent(first.ref, { expectedCurrent: first.ref }),
      )
      assert.equal((await manifests.loadCurrent())?.ref, second.ref)
      assert.equal((await manifests.listManifests()).length, 2)
      await manifests.setCurrent(first.ref, { expectedCurrent: second.ref })
      assert.equal((await manifests.loadCurrent())?.ref, first.ref)
    },
  )

  check('run ids may hold blanks, signs and any letters', async ({ manifests, runs }) => {
    for (const runId of ['a b', 'x=1_run_id=2', 'ä–日本', "o'neill;--", 'MiXed.Case-9_']) {
      const ref = await manifests.publish(manifestOf(runId))
      assert.equal((await manifests.loadCurrent())?.runId, runId)
      assert.equal((await manifests.loadManifest(ref.ref)).runId, runId)
      const record = await runs.create(recordOf(runId))
      assert.equal((await runs.load(record)).runId, runId)
      assert.ok((await runs.list()).some((one) => one.runId === runId))
    }
  })

  check('setCurrent moves back to an older manifest, and nothing else changes', async (catalog) => {
    const { manifests } = catalog
    const old = await manifests.publish(manifestOf('old'))
    await manifests.publish(manifestOf('new'))
    const before = await manifests.listManifests()
    const moved = await manifests.setCurrent(old.ref)
    assert.deepEqual([moved.ref, moved.runId], [old.ref, 'old'])
    assert.equal((await manifests.loadCurrent())?.ref, old.ref)
    assert.deepEqual(await manifests.listManifests(), before)
  })

  check('a manifest that does not exist is SHARD_NOT_FOUND, and never current', async (catalog) => {
    const { manifests } = catalog
    const { ref: gone } = await manifests.publish(manifestOf('gone'))
    const { ref } = await manifests.publish(manifestOf('there'))
    assert.equal(await manifests.delete(gone), true)
    await rejectsWith('SHARD_NOT_FOUND', () => manifests.loadManifest(gone))
    await rejectsWith('SHARD_NOT_FOUND', () => manifests.setCurrent(gone))
    assert.equal((await manifests.loadCurrent())?.ref, ref)
    assert.equal(await manifests.delete(gone), false)
  })

  check('delete removes a manifest, but never one of the current run', async ({ manifests }) => {
    const old = await manifests.publish(manifestOf('old'))
    const current = await manifests.publish(manifestOf('current'))
    await rejectsWith('SHARD_BUSY', () => manifests.delete(current.ref))
    assert.equal((await manifests.loadManifest(current.ref)).runId, 'current')
    assert.equal(await manifests.delete(old.ref), true)
    assert.equal(await manifests.delete(old.ref), false)
    const listed = await manifests.listManifests()
    assert.deepEqual(
      listed.map(({ runId }) => runId),
      ['current'],
    )
  })

  check('run records are stored, updated, listed newest first and removed', async ({ runs }) => {
    assert.deepEqual(await runs.list(), [])
    const refs: string[] = []
    for (const runId of ['one', 'two', 'two']) refs.push(await runs.create(recordOf(runId)))
    assert.equal(new Set(refs).size, 3)
    const listed = await runs.list()
    assert.deepEqual([...listed].map(({ ref }) => ref).sort(), [...refs].sort())
    for (let i = 1; i < listed.length; i++)
      assert.ok(listed[i - 1]!.createdMicros >= listed[i]!.createdMicros)
    assert.deepEqual(await runs.load(refs[0]!), recordOf('one'))
    const ended: RunRecord = {
      ...recordOf('one'),
      status: 'failed',
      manifestRef: NOWHERE,
      errorType: 'SHARD_STORE',
      errorMessage: 'line 1\nline 2: "quoted", \\ and ü ☂',
    }
    await runs.update(refs[0]!, ended)
    assert.deepEqual(await runs.load(refs[0]!), ended)
    await runs.delete(refs[0]!)
    await runs.delete(refs[0]!)
    await rejectsWith('SHARD_NOT_FOUND', () => runs.load(refs[0]!))
    assert.equal((await runs.list()).length, 2)
  })

  check(
    'an aborted signal ends a call with its reason, and nothing is changed',
    async (catalog) => {
      const { manifests, runs } = catalog
      const { ref } = await manifests.publish(manifestOf('before'))
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await assert.rejects(() => manifests.publish(manifestOf('aborted'), { signal }), reason)
      await assert.rejects(() => manifests.loadCurrent({ signal }), reason)
      await assert.rejects(() => manifests.loadManifest(ref, { signal }), reason)
      await assert.rejects(() => manifests.listManifests(10, { signal }), reason)
      await assert.rejects(() => manifests.setCurrent(ref, { signal }), reason)
      await assert.rejects(() => runs.create(recordOf('aborted'), { signal }), reason)
      await assert.rejects(() => runs.list({ signal }), reason)
      assert.equal((await manifests.loadCurrent())?.ref, ref)
      assert.equal((await manifests.listManifests()).length, 1)
      assert.deepEqual(await runs.list(), [])
    },
  )
}

/** Makes a manifest with every kind of value that a catalog must preserve. */
function manifestOf(runId: string): Manifest {
  const url = `${PREFIX}/shards/run_id=${runId}/db=00000/attempt=00`
  const shard = {
    ...emptyShard(0),
    url,
    attempt: 0,
    rowCount: 3,
    bytes: 12_345,
    minKey: -(2n ** 63n),
    maxKey: 2n ** 63n - 1n,
    checkpointId: '0123456789abcdef0123456789abcdef',
    writerInfo: { attempt: 0, durationMs: 17 },
  }
  return {
    runId,
    createdAt: '2026-01-02T03:04:05.678901+00:00',
    shards: 2,
    prefix: `${PREFIX}/`,
    keyColumn: 'id',
    sharding: { strategy: 'hash', hashAlgorithm: 'xxh3_64' },
    dbPathTemplate: 'db={db_id:05d}',
    shardPrefix: 'shards',
    formatVersion: 4,
    keyEncoding: 'u64be',
    custom: { text: 'ü ☂', big: 2n ** 60n, list: [1, null, true], nested: { a: '' } },
    shardFormat: 'slatedb',
    entries: [shard, emptyShard(1)],
  }
}

function recordOf(runId: string): RunRecord {
  return {
    formatVersion: RUN_RECORD_FORMAT_VERSION,
    runId,
    writerType: 'conformance',
    status: 'running',
    startedAt: '2026-01-02T03:04:05.678901+00:00',
    updatedAt: '2026-01-02T03:04:05.678901+00:00',
    leaseExpiresAt: '2026-01-02T03:14:05.678901+00:00',
    prefix: PREFIX,
    shardPrefix: 'shards',
    dbPathTemplate: 'db={db_id:05d}',
    manifestRef: undefined,
    errorType: undefined,
    errorMessage: undefined,
  }
}

async function rejectsWith(code: string, call: () => Promise<unknown>): Promise<ShardyfusionError> {
  let thrown: ShardyfusionError | undefined
  await assert.rejects(call, (error: ShardyfusionError) => {
    thrown = error
    assert.equal(error.code, code)
    return true
  })
  return thrown!
}
