import { type MemoryStore, type PublishedSnapshot, SnapshotReader } from '@shardyfusion/core'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
import type { RunRecord } from '@shardyfusion/core/maintain'
import { runRecord } from '../../snapshot/runs/support/records.js'
import { memoryPlace, type Place, publishRows } from '../../support/memory-place.js'

/** A place with some published snapshots, oldest first, and what tests want to know of it. */
export interface TestLineage {
  readonly place: Place
  /** What maintenance takes: the place without its engine. */
  readonly at: { readonly prefix: string; readonly objects: Place['objects'] }
  readonly published: readonly PublishedSnapshot[]
  readonly manifests: ObjectManifestStore
  readonly runs: ObjectRunRegistry
}

export async function lineageOf(...marks: string[]): Promise<TestLineage> {
  const place = memoryPlace()
  const { engine: _engine, ...at } = place
  const published: PublishedSnapshot[] = []
  for (const mark of marks) published.push(await publishRows(place, mark))
  return {
    place,
    at,
    published,
    manifests: new ObjectManifestStore(place.objects, place.prefix),
    runs: new ObjectRunRegistry(place.objects, place.prefix),
  }
}

/** URLs of everything there is, below the prefix or a part of it. */
export async function urlsBelow({ at }: TestLineage, part = ''): Promise<string[]> {
  const urls: string[] = []
  for await (const { url } of (at.objects as MemoryStore).list(`${at.prefix}${part}`)) {
    urls.push(url.slice(at.prefix.length))
  }
  return urls
}

/** Ids of the runs that have data, by their folder. */
export async function runsWithData({ at }: TestLineage, folder = 'shards'): Promise<string[]> {
  const urls = await at.objects.listPrefixes(`${at.prefix}/${folder}`)
  return urls.map((url) => url.split('/run_id=').pop()!)
}

/** Writes an object, as an attempt of a run at a shard would. */
export async function putData(
  { at }: TestLineage,
  runId: string,
  attempt = 'attempt=00',
  folder = 'shards',
): Promise<string> {
  const url = `${at.prefix}/${folder}/run_id=${runId}/db=00000/${attempt}`
  await at.objects.put(`${url}/data`, new Uint8Array(10))
  return url
}

/** A record of a run, with a lease that ends in so many milliseconds. */
export function noteRun(
  { runs }: TestLineage,
  runId: string,
  leaseMs: number,
  some: Partial<RunRecord> = {},
): Promise<string> {
  const leaseExpiresAt = new Date(Date.now() + leaseMs).toISOString()
  return runs.create(runRecord({ runId, leaseExpiresAt, ...some }))
}

/** Every row of a snapshot, as text. */
export async function readAll(
  { place }: TestLineage,
  pinned: { runId?: string } = {},
): Promise<string[]> {
  const reader = await SnapshotReader.open({ ...place, ...pinned, values: 'utf8' })
  try {
    const values: string[] = []
    for await (const [, value] of reader.scanIter()) values.push(value)
    return values
  } finally {
    await reader.close()
  }
}
