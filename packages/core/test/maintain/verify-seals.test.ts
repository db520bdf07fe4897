import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Manifest, ObjectStore, ShardEngine } from '@shardyfusion/core/extend'
import { MemoryStore, slatedb, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { liveEngine } from '../support/live-engine.js'

const PREFIX = 'memory://place/prices'
const ENGINE = 'wasm' as const

async function published(engine: ShardEngine | 'wasm' = ENGINE) {
  const objects = new MemoryStore()
  const rows = Array.from({ length: 300 }, (_, i): [number, string] => [i, `value ${i}`])
  const options = { prefix: PREFIX, objects, engine, values: 'utf8' as const }
  const snapshot = await writeSnapshot(rows, { ...options, sharding: { shards: 2 } })
  const [first = '', second = ''] = snapshot.shards.map(({ url }) => url!)
  const manifests = new ObjectManifestStore(objects, PREFIX)
  return { objects, first, second, manifests, ...snapshot }
}

async function lastOf(objects: ObjectStore, url: string): Promise<string> {
  let last = ''
  for await (const object of objects.list(url)) last = object.url
  return last
}

async function verify(objects: ObjectStore) {
  const report = await verifySnapshot({ prefix: PREFIX, objects, engine: ENGINE })
  const findings = report.findings.map(({ shard, kind }) => `${kind} in ${shard}`)
  return { ...report, findings, messages: report.findings.map(({ message }) => message) }
}

/** Publishes the same shards under a manifest that was changed. */
async function republish(
  { manifests, manifestRef }: Awaited<ReturnType<typeof published>>,
  change: (manifest: Manifest) => Manifest,
): Promise<void> {
  await manifests.publish(change(await manifests.loadManifest(manifestRef)))
}

const withoutSeals = (manifest: Manifest): Manifest => ({
  ...manifest,
  entries: manifest.entries.map((entry) => ({ ...entry, seal: undefined })),
})

test('verify: a sealed snapshot is checked to the end, and nothing is left unchecked', async () => {
  const { objects } = await published()
  const report = await verify(objects)
  assert.deepEqual(report.findings, [])
  assert.deepEqual(report.notChecked, [])
  assert.equal(report.ok, true)
})

test('verify: a shard that lost its newest manifest is damaged, and found once', async () => {
  const { objects, second } = await published()
  await objects.delete(await lastOf(objects, `${second}/manifest`))
  const report = await verify(objects)
  assert.deepEqual(report.findings, ['damaged in 1'])
  assert.match(report.messages[0]!, /manifest\/\d+\.manifest is missing/)
})

test('verify: shards that were exchanged are damaged', async () => {
  const place = await published()
  await republish(place, (manifest) => ({
    ...manifest,
    entries: manifest.entries.map((entry, id) => ({
      ...entry,
      url: manifest.entries[1 - id]!.url,
    })),
  }))
  const { findings, ok } = await verify(place.objects)
  assert.deepEqual(findings, ['damaged in 0', 'damaged in 1'])
  assert.equal(ok, false)
})

test('verify: fewer or more keys than were sealed are named', async () => {
  for (const [difference, kind] of [
    [1, 'lost-rows'],
    [-1, 'too-many-rows'],
  ] as const) {
    const place = await published()
    await republish(place, (manifest) => ({
      ...manifest,
      entries: manifest.entries.map((entry) => ({
        ...entry,
        seal: entry.seal!.replace(/(?<=:)\d+$/, (keys) => `${Number(keys) + difference}`),
      })),
    }))
    const { findings } = await verify(place.objects)
    assert.deepEqual(findings, [`${kind} in 0`, `${kind} in 1`])
  }
})

test('verify: a shard that another tool has rewritten is a warning', async () => {
  const { objects, first } = await published()
  const newest = await lastOf(objects, `${first}/manifest`)
  await objects.put(newest.replace(/(\d)\.manifest$/, '9.manifest'), (await objects.get(newest))!)
  assert.deepEqual((await verify(objects)).findings, [], 'what was sealed is there')
  await objects.delete(newest)
  const { findings, ok } = await verify(objects)
  assert.deepEqual(findings, ['rewritten in 0'])
  assert.equal(ok, true)
})

test('a malformed seal is an error of its shard, and of no other', async () => {
  const place = await published()
  await republish(place, (manifest) => ({
    ...manifest,
    entries: manifest.entries.map((entry, id) => (id === 0 ? { ...entry, seal: 'a:b' } : entry)),
  }))
  const { objects } = place
  const { findings, messages } = await verify(objects)
  assert.deepEqual(findings, ['unreadable in 0'])
  assert.match(messages[0]!, /custom\.shard_seals of shard 0 is malformed: part 1 must be/)
  const reader = await SnapshotReader.open({
    prefix: PREFIX,
    objects,
    engine: ENGINE,
    values: 'utf8',
  })
  try {
    for (let key = 0; key < 20; key++) {
      if (reader.shardFor(key).id === 1) assert.equal(await reader.get(key), `value ${key}`)
      else
        await assert.rejects(reader.get(key), {
          code: 'SHARD_MANIFEST',
          message: /shard_seals of shard 0 is malformed/,
        })
    }
  } finally {
    await reader.close()
  }
})

test('verify: without seals it says so, and still finds what looks lost', async () => {
  const place = await published(liveEngine())
  await republish(place, withoutSeals)
  const sound = await verify(place.objects)
  assert.deepEqual(sound.findings, [])
  assert.equal(sound.notChecked.length, 1)
  assert.match(sound.notChecked[0]!, /^shards 0, 1 are not sealed with their objects/)
  const { objects, first } = place
  const manifests: string[] = []
  for await (const { url } of objects.list(`${first}/manifest`)) manifests.push(url)
  await objects.delete(manifests.at(-2)!)
  const gap = await verify(objects)
  assert.deepEqual(gap.findings, ['suspicious in 0'])
  assert.match(gap.messages[0]!, /manifests before 4 are missing/)
  for (const url of manifests.slice(2)) await objects.delete(url)
  const lost = await verify(objects)
  assert.ok(lost.findings.includes('suspicious in 0'))
  assert.match(lost.messages.join(), /does not name its newest table/)
})

test('verify and open: a manifest under the name of another run is reported, and refused', async () => {
  const place = await published()
  const { objects, manifestRef } = place
  const options = { prefix: PREFIX, objects, engine: ENGINE, values: 'utf8' as const }
  const second = await writeSnapshot([[1, 'new']], { ...options, sharding: { shards: 1 } })
  await objects.put(second.manifestRef, (await objects.get(manifestRef))!)
  const { findings, ok, messages } = await verify(objects)
  assert.deepEqual(findings, ['other-run in undefined'])
  assert.equal(ok, false)
  assert.match(messages[0]!, new RegExp(`belongs to run "${place.runId}", but its URL names`))
  const strict = { ...options, maxFallbackAttempts: 0 }
  await assert.rejects(SnapshotReader.open(strict), { code: 'SHARD_MANIFEST' })
  await assert.rejects(SnapshotReader.open({ ...strict, runId: second.runId }), {
    code: 'SHARD_MANIFEST',
  })
  // The manifest is there under its own name as well, so that a reader falls back to it.
  await using reader = await SnapshotReader.open(options)
  assert.equal(reader.info().runId, place.runId)
})

test('refresh: a manifest under the name of another run is not moved to', async () => {
  const { objects, manifestRef, runId } = await published()
  const options = { prefix: PREFIX, objects, engine: ENGINE, values: 'utf8' as const }
  await using reader = await SnapshotReader.open(options)
  const second = await writeSnapshot([[1, 'new']], { ...options, sharding: { shards: 1 } })
  await objects.put(second.manifestRef, (await objects.get(manifestRef))!)
  assert.equal(await reader.refresh(), false)
  assert.equal(reader.info().runId, runId)
})

test('verify: an engine of the caller’s own, which keeps its shards elsewhere, needs no objects', async () => {
  const shards = new Map<string, MemoryStore>()
  const inner = slatedb({ runtime: 'wasm' })
  const at = (url: string): MemoryStore => {
    if (!shards.has(url)) shards.set(url, new MemoryStore())
    return shards.get(url)!
  }
  const engine: ShardEngine = {
    name: 'elsewhere',
    format: 'elsewhere',
    supports: { io: 'objects' },
    openWriter: async (o) => {
      const writer = await inner.openWriter({ ...o, objects: at(o.url) })
      return {
        write: (chunk) => writer.write(chunk),
        flush: () => writer.flush(),
        // Its objects are not in `objects`, so it names none.
        seal: async () => void (await writer.seal()),
        bytes: () => writer.bytes(),
        close: () => writer.close(),
      }
    },
    openReader: (o) => inner.openReader({ ...o, objects: at(o.url) }),
  }
  const objects = new MemoryStore()
  await writeSnapshot([[1, 'a']], {
    prefix: PREFIX,
    objects,
    engine,
    sharding: { shards: 1 },
    values: 'utf8',
  })
  const report = await verifySnapshot({ prefix: PREFIX, objects, engine })
  assert.deepEqual(report.findings, [])
})
