import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CleanupReport,
  cleanupSnapshots,
  listSnapshots,
  planCleanup,
  rollbackSnapshot,
} from '@shardyfusion/core/maintain'
import { faultyStore, interceptStore } from '@shardyfusion/core/testing'
import { encodeManifest } from '#dist/snapshot/manifest/manifest-codec.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { publishRows } from '../support/memory-place.js'
import {
  lineageOf,
  noteRun,
  putData,
  readAll,
  runsWithData,
  type TestLineage,
  urlsBelow,
} from './support/lineage.js'

const HOUR = 3_600_000

const outcomes = (report: CleanupReport): string[] =>
  report.actions.map(({ kind, runId, outcome }) => `${kind} ${runId} ${outcome}`)
const reasons = (report: CleanupReport): Record<string, string> =>
  Object.fromEntries(report.kept.map(({ runId, reason }) => [runId, reason]))
const idsOf = (lineage: TestLineage): string[] => lineage.published.map(({ runId }) => runId)

test('without a criterion every published snapshot stays', async () => {
  const lineage = await lineageOf('a', 'b')
  const before = await urlsBelow(lineage)
  const report = await cleanupSnapshots({ ...lineage.at, graceMs: 0 })
  const [a, b] = idsOf(lineage)
  assert.deepEqual(report.actions, [])
  assert.deepEqual(reasons(report), { [a!]: 'not-asked', [b!]: 'current' })
  assert.deepEqual(await urlsBelow(lineage), before)
})

test('keepLast: keeps the newest and the current one, and removes all of the others', async () => {
  const lineage = await lineageOf('a', 'b', 'c', 'd')
  const [a, b, c, d] = idsOf(lineage)
  for (const runId of idsOf(lineage)) {
    await noteRun(lineage, runId, -HOUR, { status: 'succeeded' })
    await putData(lineage, runId, 'centroids', 'vector_meta')
  }
  await rollbackSnapshot({ ...lineage.at, runId: a! })
  const calls: string[] = []
  const objects = interceptStore(lineage.at.objects, {
    before: ({ operation, url }) => {
      if (operation.startsWith('delete')) calls.push(url.slice(lineage.at.prefix.length))
    },
  })
  const report = await cleanupSnapshots({ ...lineage.at, objects, keepLast: 2 })
  assert.deepEqual(outcomes(report), [`old-run ${b} deleted`])
  assert.deepEqual(reasons(report), { [a!]: 'current', [c!]: 'recent', [d!]: 'recent' })
  assert.equal(report.current?.runId, a)
  assert.ok(report.objects > 5 && report.bytes > 100, `${report.objects} ${report.bytes}`)
  assert.equal(report.objects, report.actions[0]!.objects)

  assert.deepEqual(
    (await urlsBelow(lineage)).filter((url) => url.includes(b!)),
    [],
  )
  assert.match(calls[0]!, /^\/manifests\//, 'no listed manifest ever names what is gone')
  assert.deepEqual(
    (await listSnapshots(lineage.at)).map(({ runId }) => runId),
    [d, c, a],
  )
  for (const runId of [a, c, d])
    assert.equal((await readAll(lineage, { runId: runId! })).length, 20)
})

test('both criteria must let a run go', async () => {
  const lineage = await lineageOf('a', 'b', 'c')
  const [a] = idsOf(lineage)
  const young = await cleanupSnapshots({ ...lineage.at, keepLast: 1, olderThanMs: HOUR })
  assert.deepEqual(young.actions, [])
  const many = await cleanupSnapshots({ ...lineage.at, keepLast: 3, olderThanMs: 0 })
  assert.deepEqual(many.actions, [])
  const report = await cleanupSnapshots({ ...lineage.at, keepLast: 2, olderThanMs: 0 })
  assert.deepEqual(outcomes(report), [`old-run ${a} deleted`])
})

test('keepRuns: keeps these, and says which are not there', async () => {
  const lineage = await lineageOf('a', 'b', 'c')
  const [a, b] = idsOf(lineage)
  await putData(lineage, 'dead')
  const report = await cleanupSnapshots({
    ...lineage.at,
    keepLast: 1,
    graceMs: 0,
    keepRuns: [a!, 'dead', 'mispelt'],
  })
  assert.deepEqual(outcomes(report), [`old-run ${b} deleted`])
  assert.equal(reasons(report)[a!], 'kept')
  assert.equal(reasons(report)['dead'], 'kept')
  assert.deepEqual(
    report.problems.map(({ runId }) => runId),
    ['mispelt'],
  )
})

test('a live lease keeps a run, published or not, and one that has ended does not', async () => {
  const lineage = await lineageOf('a', 'b', 'c')
  const [a, b] = idsOf(lineage)
  for (const runId of ['building', 'dead']) await putData(lineage, runId)
  await noteRun(lineage, a!, HOUR)
  await noteRun(lineage, b!, -HOUR)
  await noteRun(lineage, 'building', HOUR)
  await noteRun(lineage, 'dead', -HOUR)
  const report = await cleanupSnapshots({ ...lineage.at, keepLast: 1, graceMs: 0 })
  assert.deepEqual(outcomes(report), [`old-run ${b} deleted`, 'unfinished-run dead deleted'])
  assert.equal(reasons(report)[a!], 'live')
  assert.equal(reasons(report)['building'], 'live')
  assert.deepEqual((await runsWithData(lineage)).includes('dead'), false)
  assert.deepEqual((await runsWithData(lineage)).includes('building'), true)
})

test('data that is young, or has a young record nobody can read, may be in use', async () => {
  const lineage = await lineageOf('a')
  await putData(lineage, 'young')
  const first = await cleanupSnapshots(lineage.at)
  assert.deepEqual(first.actions, [])
  assert.equal(reasons(first)['young'], 'young')

  // Records have no date but the one in their name; data is as old as it is.
  await putData(lineage, 'unclear')
  const ref = await noteRun(lineage, 'unclear', -HOUR)
  await lineage.at.objects.put(ref, new TextEncoder().encode('status: [running'))
  const second = await cleanupSnapshots(lineage.at)
  assert.deepEqual(second.actions, [])
  assert.equal(reasons(second)['unclear'], 'unreadable')

  const third = await cleanupSnapshots({ ...lineage.at, graceMs: 0 })
  assert.deepEqual(outcomes(third).sort(), [
    'unfinished-run unclear deleted',
    'unfinished-run young deleted',
  ])
})

test('unfinishedRuns: false leaves runs that published nothing', async () => {
  const lineage = await lineageOf('a')
  await putData(lineage, 'dead')
  const report = await cleanupSnapshots({ ...lineage.at, graceMs: 0, unfinishedRuns: false })
  assert.deepEqual(report.actions, [])
  assert.equal(reasons(report)['dead'], 'not-asked')
})

test('attempts that lost go, winners and what is no attempt stay', async () => {
  const lineage = await lineageOf('a', 'b')
  const [a, b] = idsOf(lineage)
  const lost = await putData(lineage, b!, 'attempt=07')
  await putData(lineage, b!, 'attempt=070')
  await putData(lineage, a!, 'attempt=01')
  const odd = await putData(lineage, b!, 'notes')
  const young = await cleanupSnapshots(lineage.at)
  assert.deepEqual(young.actions, [], 'they may be those of a writer at work')
  const off = await cleanupSnapshots({ ...lineage.at, graceMs: 0, staleAttempts: false })
  assert.deepEqual(off.actions, [])

  const report = await cleanupSnapshots({ ...lineage.at, graceMs: 0 })
  assert.deepEqual(outcomes(report), [`stale-attempts ${b} deleted`, `stale-attempts ${a} deleted`])
  assert.deepEqual(report.actions[0]!.urls, [lost, `${lost}0`])
  assert.equal(report.objects, 3)
  assert.equal(report.bytes, 30)
  for (const runId of [a, b]) assert.equal((await readAll(lineage, { runId: runId! })).length, 20)
  assert.notEqual(await lineage.at.objects.head(`${odd}/data`), undefined)
})

test('attempts of a run stay when it cannot be told which of them it names', async () => {
  const lineage = await lineageOf('a', 'b')
  const [a, b] = lineage.published
  await putData(lineage, a!.runId, 'attempt=01')
  await putData(lineage, b!.runId, 'attempt=01')
  await lineage.at.objects.put(a!.manifestRef, new Uint8Array(100))
  await lineage.at.objects.deletePrefix(b!.shards[0]!.url!)
  const report = await cleanupSnapshots({ ...lineage.at, graceMs: 0 })
  assert.deepEqual(report.actions, [])
  assert.match(
    report.problems[0]!.message,
    /shards that its manifest names are not in the expected place/,
  )
  assert.match(report.problems[1]!.message, /its manifest cannot be read/)
})

test('data that the manifest of a kept run names stays, whoever wrote it', async () => {
  const lineage = await lineageOf('a', 'b', 'c')
  const [a, b, c] = lineage.published
  const borrowing = await lineage.manifests.loadManifest(c!.manifestRef)
  const entries = borrowing.entries.map((shard) => ({ ...shard, url: b!.shards[shard.id]!.url }))
  await lineage.at.objects.put(c!.manifestRef, await encodeManifest({ ...borrowing, entries }))
  const report = await cleanupSnapshots({ ...lineage.at, keepLast: 1, graceMs: 0 })
  assert.deepEqual(outcomes(report), [
    `stale-attempts ${c!.runId} deleted`,
    `superseded-shards ${b!.runId} deleted`,
    `old-run ${a!.runId} deleted`,
  ])
  assert.equal(reasons(report)[b!.runId], 'referenced')
  assert.deepEqual((await readAll(lineage))[0], 'b 0')
})

test('a folder of shards of another name is found through the manifest', async () => {
  const lineage = await lineageOf('a', 'b')
  const [a] = lineage.published
  const manifest = await lineage.manifests.loadManifest(a!.manifestRef)
  await lineage.at.objects.put(
    a!.manifestRef,
    await encodeManifest({ ...manifest, shardPrefix: 'parts' }),
  )
  await putData(lineage, a!.runId, 'attempt=00', 'parts')
  await cleanupSnapshots({ ...lineage.at, keepLast: 1 })
  assert.deepEqual(await runsWithData(lineage, 'parts'), [])
  assert.deepEqual(await runsWithData(lineage), [lineage.published[1]!.runId])
})

test('a manifest cannot make a cleanup take another folder for one of shards', async () => {
  for (const shardPrefix of ['manifests', 'runs', '..']) {
    const lineage = await lineageOf('a', 'b')
    const [a] = lineage.published
    const manifest = await lineage.manifests.loadManifest(a!.manifestRef)
    const image = await encodeManifest({ ...manifest, shardPrefix }).catch(() => undefined)
    if (image === undefined) continue
    await lineage.at.objects.put(a!.manifestRef, image)
    const extra = `${lineage.at.prefix}/${shardPrefix}/run_id=x/y`
    if (shardPrefix !== '..') await lineage.at.objects.put(extra, new Uint8Array(1))
    const report = await cleanupSnapshots({ ...lineage.at, graceMs: 0, keepLast: 1 })
    assert.deepEqual(outcomes(report), [`old-run ${a!.runId} deleted`])
    if (shardPrefix !== '..') assert.notEqual(await lineage.at.objects.head(extra), undefined)
  }
})

test('records whose run left nothing else go only when they are older than asked', async () => {
  const lineage = await lineageOf('a')
  await noteRun(lineage, 'failed', -HOUR, { status: 'failed' })
  await noteRun(lineage, 'starting', HOUR)
  assert.deepEqual((await cleanupSnapshots({ ...lineage.at, graceMs: 0 })).actions, [])
  const young = await cleanupSnapshots({ ...lineage.at, graceMs: 0, olderThanMs: HOUR })
  assert.deepEqual(young.actions, [])
  const report = await cleanupSnapshots({ ...lineage.at, graceMs: 0, olderThanMs: 0 })
  assert.deepEqual(outcomes(report), ['run-record failed deleted'])
  assert.deepEqual(
    (await lineage.runs.list()).map(({ runId }) => runId),
    ['starting', ...idsOf(lineage)],
  )
})

test('dry run: tells what the real one then does, and changes nothing', async () => {
  const lineage = await lineageOf('a', 'b', 'c')
  await putData(lineage, 'dead')
  const before = await urlsBelow(lineage)
  const options = { ...lineage.at, keepLast: 1, graceMs: 0 }
  const dry = await cleanupSnapshots({ ...options, dryRun: true })
  assert.deepEqual(await urlsBelow(lineage), before)
  assert.equal(dry.dryRun, true)
  assert.ok(dry.actions.every(({ outcome }) => outcome === 'planned'))
  const real = await cleanupSnapshots(options)
  assert.equal(before.length - (await urlsBelow(lineage)).length, real.objects)
  assert.deepEqual([dry.objects, dry.bytes], [real.objects, real.bytes])
  assert.deepEqual(
    dry.actions.map(({ runId }) => runId),
    real.actions.map(({ runId }) => runId),
  )
})

test('a plan leaves out what came into use after it was made, and may be repeated', async () => {
  const lineage = await lineageOf('a', 'b', 'c', 'd')
  const [a, b, c, d] = idsOf(lineage)
  for (const runId of ['resumed', 'published', 'dead']) await putData(lineage, runId)
  const plan = await planCleanup({ ...lineage.at, keepLast: 1, graceMs: 0 })
  assert.equal(plan.actions.length, 6)
  assert.equal(plan.objects, plan.report().objects)

  await rollbackSnapshot({ ...lineage.at, runId: a! })
  await noteRun(lineage, b!, HOUR)
  await noteRun(lineage, 'resumed', HOUR)
  await publishRows(lineage.place, 'late', 5, { runId: 'published' })
  await rollbackSnapshot({ ...lineage.at, runId: a! })

  const report = await plan.execute()
  const byRun = new Map(report.actions.map((action) => [action.runId, action]))
  assert.equal(byRun.get(a!)?.outcome, 'skipped')
  assert.match(byRun.get(a!)!.note!, /current now/)
  assert.match(byRun.get(b!)!.note!, /is working on it/)
  assert.match(byRun.get('resumed')!.note!, /is working on it/)
  assert.match(byRun.get('published')!.note!, /published since/)
  assert.equal(byRun.get(c!)?.outcome, 'deleted')
  assert.equal(byRun.get('dead')?.outcome, 'deleted')
  for (const runId of [a, b, d, 'published']) await readAll(lineage, { runId: runId! })
  const again = await plan.execute()
  assert.equal(again.objects, 0)
  assert.ok(again.actions.every(({ outcome }) => outcome === 'skipped'))
})

test('without a pointer the newest snapshot stays', async () => {
  const lineage = await lineageOf('a', 'b')
  await lineage.at.objects.delete(`${lineage.at.prefix}/_CURRENT`)
  const report = await cleanupSnapshots({ ...lineage.at, olderThanMs: 0, graceMs: 0 })
  assert.deepEqual(outcomes(report), [`old-run ${idsOf(lineage)[0]} deleted`])
})

test('a manifest newer than the pointer may be about to become current', async () => {
  const lineage = await lineageOf('a', 'b')
  const pointer = `${lineage.at.prefix}/_CURRENT`
  const bytes = await lineage.at.objects.get(pointer)
  await publishRows(lineage.place, 'c')
  await publishRows(lineage.place, 'd')
  await lineage.at.objects.put(pointer, bytes!)
  const report = await cleanupSnapshots({ ...lineage.at, keepLast: 1 })
  assert.deepEqual(outcomes(report), [`old-run ${idsOf(lineage)[0]} deleted`])
  assert.equal(Object.values(reasons(report)).includes('young'), true)
})

test('nothing is removed when it cannot be told what is current', async () => {
  const lineage = await lineageOf('a', 'b')
  const pointer = `${lineage.at.prefix}/_CURRENT`
  const good = (await lineage.at.objects.get(pointer))!
  const current = lineage.published[1]!.manifestRef
  const manifest = (await lineage.at.objects.get(current))!
  const broken: [() => Promise<unknown>, RegExp][] = [
    [() => lineage.at.objects.put(pointer, new Uint8Array(3)), /current pointer/],
    [() => lineage.at.objects.delete(current), /the data in use is unknown/],
    [() => lineage.at.objects.put(current, new Uint8Array(100)), /SQLite/],
  ]
  for (const [breakIt, message] of broken) {
    await breakIt()
    const before = await urlsBelow(lineage)
    await rejectsWith('SHARD_MANIFEST', message, () =>
      cleanupSnapshots({ ...lineage.at, keepLast: 1, graceMs: 0 }),
    )
    assert.deepEqual(await urlsBelow(lineage), before)
    await lineage.at.objects.put(pointer, good)
    await lineage.at.objects.put(current, manifest)
  }
})

test('a pointer moved by somebody who leaves no notes, in the worst moment, is saved', async () => {
  const lineage = await lineageOf('a', 'b')
  const [a] = lineage.published
  const objects = interceptStore(lineage.at.objects, {
    before: async ({ operation, url }) => {
      if (operation === 'delete' && url === a!.manifestRef)
        await lineage.manifests.setCurrent(a!.manifestRef)
    },
  })
  const report = await cleanupSnapshots({ ...lineage.at, objects, keepLast: 1 })
  assert.deepEqual(outcomes(report), [`old-run ${a!.runId} skipped`])
  assert.match(report.actions[0]!.note!, /was restored/)
  assert.equal(report.objects, 0)
  assert.equal((await readAll(lineage))[0], 'a 0')
})

test('what fails is told and left, the rest goes on, and the next cleanup ends it', async () => {
  const lineage = await lineageOf('a', 'b', 'c')
  const [a, b] = idsOf(lineage)
  const objects = faultyStore(lineage.at.objects, {
    strikes: ({ operation, url }) => operation === 'deletePrefix' && url.includes(b!),
  })
  const report = await cleanupSnapshots({ ...lineage.at, objects, keepLast: 1, graceMs: 0 })
  assert.deepEqual(outcomes(report), [`old-run ${b} failed`, `old-run ${a} deleted`])
  assert.match(report.actions[0]!.note!, /fault injection/)
  assert.equal(report.actions[0]!.objectsDeleted, 1)
  assert.deepEqual(
    (await listSnapshots(lineage.at)).map(({ runId }) => runId),
    [idsOf(lineage)[2]],
  )
  const next = await cleanupSnapshots({ ...lineage.at, keepLast: 1, graceMs: 0 })
  assert.deepEqual(outcomes(next), [`unfinished-run ${b} deleted`])
  assert.deepEqual(await runsWithData(lineage), [idsOf(lineage)[2]])
  assert.deepEqual(
    (await lineage.runs.list()).map(({ runId }) => runId),
    [idsOf(lineage)[2]],
  )
})

test('a run that cannot be marked is not removed', async () => {
  const lineage = await lineageOf('a', 'b')
  const objects = faultyStore(lineage.at.objects, {
    strikes: ({ operation, url }) => operation === 'put' && url.includes('/runs/'),
    times: Number.POSITIVE_INFINITY,
  })
  const report = await cleanupSnapshots({ ...lineage.at, objects, keepLast: 1 })
  assert.deepEqual(outcomes(report), [`old-run ${idsOf(lineage)[0]} failed`])
  assert.equal((await listSnapshots(lineage.at)).length, 2)
})

test('an abort ends it with its reason, between two runs at the latest', async () => {
  const lineage = await lineageOf('a', 'b', 'c')
  const abort = new AbortController()
  const options = { ...lineage.at, keepLast: 1, signal: abort.signal }
  const cleaning = cleanupSnapshots({
    ...options,
    onProgress: ({ phase, done, total }) => {
      if (phase === 'deleting' && done === 1) {
        assert.equal(total, 2)
        abort.abort(new Error('enough'))
      }
    },
  })
  await assert.rejects(cleaning, /^Error: enough$/)
  assert.equal((await listSnapshots(lineage.at)).length, 2)
})

test('options are checked', async () => {
  const prefix = 'memory://nothing/here'
  const refused: [object, RegExp][] = [
    [{ keepLast: 0 }, /keepLast must be an integer of 1 or more \(snapshots\)/],
    [{ olderThanMs: -1 }, /olderThanMs must be an integer of 0 or more \(milliseconds\)/],
    [{ keepRuns: 'a' }, /keepRuns must be an array of run ids/],
    [{ olderThan: 1 }, /unknown option "olderThan"/],
    [{ prefix: 'https://host/x' }, /can only be read/],
  ]
  for (const [options, message] of refused) {
    await rejectsWith('SHARD_INVALID_OPTION', message, () =>
      cleanupSnapshots({ prefix, ...options } as never),
    )
  }
  const nothing = await cleanupSnapshots({ prefix, keepLast: 1 })
  assert.deepEqual([nothing.actions, nothing.kept, nothing.current], [[], [], undefined])
})
