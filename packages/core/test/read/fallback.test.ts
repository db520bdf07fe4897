import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { test, type TestContext } from 'node:test'
import { type DiagnosticsEvents, type PublishedSnapshot, SnapshotReader } from '@shardyfusion/core'
import { rollbackSnapshot } from '@shardyfusion/core/maintain'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'

interface Damaged {
  readonly place: Place
  readonly old: PublishedSnapshot
  readonly current: PublishedSnapshot
  damage(): Promise<void>
  repair(): Promise<void>
}

/** Two snapshots, of which the current one's manifest can be cut short. */
async function twoSnapshots(): Promise<Damaged> {
  const place = memoryPlace()
  const old = await publishRows(place, 'old')
  const current = await publishRows(place, 'new')
  const { manifestRef } = current
  const whole = new Uint8Array((await place.objects.get(manifestRef))!)
  return {
    place,
    old,
    current,
    damage: async () => void (await place.objects.put(manifestRef, whole.slice(0, 5000))),
    repair: async () => void (await place.objects.put(manifestRef, whole)),
  }
}

function fallbacks(t: TestContext): DiagnosticsEvents['fallback'][] {
  const events: DiagnosticsEvents['fallback'][] = []
  const listener = (event: unknown): void =>
    void events.push(event as DiagnosticsEvents['fallback'])
  channel('shardyfusion:fallback').subscribe(listener)
  t.after(() => channel('shardyfusion:fallback').unsubscribe(listener))
  return events
}

test('a reader that had to open an older snapshot is degraded, and says why', async (t) => {
  const events = fallbacks(t)
  const { place, old, current, damage } = await twoSnapshots()
  await damage()
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.equal(await reader.get(1), 'old 1')
  assert.equal(reader.info().fellBack, true)
  const { status, reason = '', manifestRef } = reader.health()
  assert.deepEqual([status, manifestRef], ['degraded', old.manifestRef])
  assert.ok(reason.includes(current.manifestRef), reason)
  assert.match(
    reason,
    /cannot be read, and run "\w+" of .* is served instead; roll back, or publish/,
  )
  assert.deepEqual(
    events.map((e) => [e.runId, e.manifestRef, e.currentManifestRef, (e.error as Error).name]),
    [[old.runId, old.manifestRef, current.manifestRef, 'ShardyfusionError']],
  )
})

test('refresh tries the current snapshot again, and takes it as soon as it can be read', async (t) => {
  const events = fallbacks(t)
  const { place, damage, repair } = await twoSnapshots()
  await damage()
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.equal(await reader.refresh(), false)
  assert.equal(reader.health().status, 'degraded')
  await repair()
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(1), 'new 1')
  assert.deepEqual([reader.health().status, reader.health().reason], ['healthy', undefined])
  assert.equal(reader.info().fellBack, false)
  // One event for one damaged manifest, however often it is looked at.
  assert.equal(events.length, 1)
})

test('a reader that cannot move on to a damaged snapshot is degraded until the pointer moves back', async (t) => {
  const events = fallbacks(t)
  const place = memoryPlace()
  const old = await publishRows(place, 'old')
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.deepEqual([reader.health().status, reader.info().fellBack], ['healthy', false])
  const current = await publishRows(place, 'new')
  const whole = (await place.objects.get(current.manifestRef))!
  await place.objects.put(current.manifestRef, new Uint8Array(whole.slice(0, 5000)))
  assert.equal(await reader.refresh(), false)
  assert.deepEqual([reader.health().status, reader.info().fellBack], ['degraded', true])
  assert.equal(await reader.get(1), 'old 1')
  assert.equal(events.length, 1)
  const { prefix, objects } = place
  await rollbackSnapshot({ prefix, objects, runId: old.runId })
  assert.equal(await reader.refresh(), false)
  assert.deepEqual([reader.health().status, reader.info().fellBack], ['healthy', false])
})

test('a stale snapshot has its age as the reason, beside any other', async () => {
  const { place, damage } = await twoSnapshots()
  await using whole = await SnapshotReader.open({ ...place })
  assert.match(
    whole.health({ stalenessThresholdMs: -1 }).reason!,
    /^the snapshot is \d+ ms old, more/,
  )
  await damage()
  await using reader = await SnapshotReader.open({ ...place })
  assert.match(
    reader.health({ stalenessThresholdMs: -1 }).reason!,
    /^_CURRENT names .*; the snapshot is \d+ ms old/,
  )
})

test('a reader on a snapshot that was asked for by name does not fall back', async () => {
  const { place, old, damage } = await twoSnapshots()
  await damage()
  await using reader = await SnapshotReader.open({ ...place, runId: old.runId })
  assert.equal(await reader.refresh(), false)
  assert.deepEqual([reader.health().status, reader.info().fellBack], ['healthy', false])
})
