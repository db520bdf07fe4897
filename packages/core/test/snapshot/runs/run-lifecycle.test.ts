import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test, type TestContext } from 'node:test'
import { MemoryStore, ShardyfusionError } from '@shardyfusion/core'
import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
import type { RunRegistry } from '@shardyfusion/core/extend'
import {
  RunLifecycle,
  type RunLifecycleOptions,
  type RunRecordFailure,
} from '#dist/snapshot/runs/run-lifecycle.js'
import { parseTimestamp } from '#dist/text/timestamps.js'

const PREFIX = 'memory://runs/pre'
const FACTS = {
  runId: 'run-1',
  prefix: PREFIX,
  shardPrefix: 'shards',
  dbPathTemplate: 'db={db_id:05d}',
}

function setUp(some: Partial<RunRegistry> = {}) {
  const stored = new ObjectRunRegistry(new MemoryStore(), PREFIX)
  const calls: string[] = []
  const failures: RunRecordFailure[] = []
  const registry: RunRegistry = {
    create: (record, options) => {
      calls.push(`create ${record.status}`)
      return (some.create ?? stored.create.bind(stored))(record, options)
    },
    update: (ref, record, options) => {
      calls.push(`update ${record.status}`)
      return (some.update ?? stored.update.bind(stored))(ref, record, options)
    },
    load: (ref) => stored.load(ref),
    delete: (ref) => stored.delete(ref),
    list: () => stored.list(),
  }
  const start = (options: RunLifecycleOptions = {}): Promise<RunLifecycle> =>
    RunLifecycle.start(registry, FACTS, {
      onFailure: (failure) => failures.push(failure),
      ...options,
    })
  return { registry, calls, failures, start }
}

/** A promise and what resolves it. */
function event(): [happened: Promise<void>, happen: () => void] {
  let happen = (): void => {}
  const happened = new Promise<void>((resolve) => (happen = resolve))
  return [happened, happen]
}

test('a run is running with a lease of ten minutes, then succeeded', async () => {
  const { registry, calls, failures, start } = setUp()
  const run = await start()
  const running = await registry.load(run.ref!)
  assert.equal(running.status, 'running')
  assert.equal(running.writerType, 'typescript')
  assert.equal(running.startedAt, running.updatedAt)
  assert.equal(
    parseTimestamp(running.leaseExpiresAt) - parseTimestamp(running.startedAt),
    600_000_000n,
  )

  await run.succeed('memory://runs/pre/manifests/m/manifest')
  const succeeded = await registry.load(run.ref!)
  assert.equal(succeeded.status, 'succeeded')
  assert.equal(succeeded.manifestRef, 'memory://runs/pre/manifests/m/manifest')
  assert.equal(succeeded.leaseExpiresAt, succeeded.updatedAt)
  assert.equal(succeeded.startedAt, running.startedAt)
  assert.deepEqual(calls, ['create running', 'update succeeded'])
  assert.deepEqual(failures, [])
})

test('the first ending counts', async () => {
  const { registry, calls, start } = setUp()
  const run = await start()
  await Promise.all([run.fail(new TypeError('no')), run.succeed('memory://m'), run.fail('other')])
  const record = await registry.load(run.ref!)
  assert.equal(record.status, 'failed')
  assert.equal(record.errorType, 'TypeError')
  assert.equal(record.errorMessage, 'no')
  assert.equal(record.manifestRef, undefined)
  assert.deepEqual(calls, ['create running', 'update failed'])
})

test('a failure of ours is noted under the name the Python project has for it', async () => {
  const { registry, start } = setUp()
  const run = await start()
  await run.fail(
    new ShardyfusionError('SHARD_PUBLISH', 'not published', {
      details: { peer: 'PublishManifestError' },
    }),
  )
  const record = await registry.load(run.ref!)
  assert.equal(record.errorType, 'PublishManifestError')
  assert.equal(record.errorMessage, 'not published')
})

/** Keeps the process alive while a test waits for a heartbeat, whose timer does not. */
function stayAlive(t: TestContext): void {
  const timer = setInterval(() => {}, 1000)
  t.after(() => clearInterval(timer))
}

test('heartbeats renew the lease, and bring the manifest along', async (t) => {
  stayAlive(t)
  const [beaten, onBeat] = event()
  const set = setUp()
  const update = set.registry.update.bind(set.registry)
  set.registry.update = async (ref, record, options) => {
    await update(ref, record, options)
    onBeat()
  }
  const run = await set.start({ heartbeatMs: 5 })
  const before = await set.registry.load(run.ref!)
  run.published('memory://m')
  await beaten
  const after = await set.registry.load(run.ref!)
  assert.equal(after.status, 'running')
  assert.equal(after.manifestRef, 'memory://m')
  assert.ok(parseTimestamp(after.leaseExpiresAt) > parseTimestamp(before.leaseExpiresAt))
  await run.succeed()
})

test('a heartbeat under way is waited for, so that it cannot undo the ending', async (t) => {
  stayAlive(t)
  const [held, release] = event()
  const [beating, onBeat] = event()
  const order: string[] = []
  const { calls, start } = setUp({
    update: async (_ref, record) => {
      if (record.status === 'running') {
        onBeat()
        await held
      }
      order.push(record.status)
    },
  })
  const run = await start({ heartbeatMs: 5 })
  await beating
  const ending = run.succeed()
  release()
  await ending
  assert.deepEqual(order, ['running', 'succeeded'])
  assert.equal(calls.at(-1), 'update succeeded')
})

test('a registry that fails is reported and breaks nothing', async () => {
  const broken = new ShardyfusionError('SHARD_STORE', 'no disk')
  const { failures, calls, start } = setUp({ create: () => Promise.reject(broken) })
  const run = await start({ heartbeatMs: 1 })
  assert.equal(run.ref, undefined)
  await run.succeed()
  assert.deepEqual(calls, ['create running'])
  assert.deepEqual(
    failures.map(({ operation, ref, error }) => [operation, ref, error]),
    [['create', undefined, broken]],
  )

  const later = setUp({ update: () => Promise.reject(broken) })
  const second = await later.start()
  await second.fail(new Error('build failed'))
  assert.deepEqual(
    later.failures.map(({ operation, runId }) => [operation, runId]),
    [['finish', 'run-1']],
  )
})

test('a hook that throws breaks nothing either', async () => {
  const { start } = setUp({ create: () => Promise.reject(new Error('no disk')) })
  const run = await start({
    onFailure: () => {
      throw new Error('hook')
    },
  })
  await run.succeed()
})

test('a registry that hangs is given up after a while', async () => {
  const { failures, start } = setUp({ create: () => new Promise(() => {}) })
  const run = await start({ callTimeoutMs: 10 })
  assert.equal(run.ref, undefined)
  assert.match((failures[0]!.error as Error).message, /did not answer within 10 ms/)
})

test('an abort while the first record is stored ends the start with its reason', async () => {
  const abort = new AbortController()
  const { start } = setUp({ create: () => new Promise(() => {}) })
  const starting = start({ signal: abort.signal })
  abort.abort(new Error('enough'))
  await assert.rejects(starting, /^Error: enough$/)
})

test('the heartbeat does not keep the process alive', () => {
  const script = `
    import { MemoryStore } from '@shardyfusion/core'
    import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
    import { RunLifecycle } from '#dist/snapshot/runs/run-lifecycle.js'
    const registry = new ObjectRunRegistry(new MemoryStore(), '${PREFIX}')
    await RunLifecycle.start(registry, ${JSON.stringify(FACTS)})
    console.log('started')
  `
  const cwd = new URL('../../..', import.meta.url)
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(child.stdout, 'started\n', child.stderr)
  assert.equal(child.status, 0)
})
