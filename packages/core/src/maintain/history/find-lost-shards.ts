import { inspectShard } from '../../engine/inspect-shard.js'
import { namesObjects } from '../../engine/shard-seal.js'
import type { Manifest, ManifestShard } from '../../snapshot/manifest/manifest.js'
import { readSeal } from '../../snapshot/manifest/read-seal.js'
import type { ObjectCallOptions, ObjectStore } from '../../store/object-store.js'
import { runOfFolder } from '../../snapshot/layout.js'
import { placedUrl } from './placed-url.js'

/** A shard whose data is missing or damaged. */
export interface LostShard {
  readonly id: number
  readonly url: string
  /** For example `a/b.sst is missing`. */
  readonly problem: string
}

/**
 * Finds the shards of a manifest whose objects differ from their seal or, without a seal, are all
 * missing.
 *
 * Takes one listing for each folder of a run, usually one. Shards outside the prefix are not
 * checked.
 */
export async function findLostShards(
  objects: ObjectStore,
  prefix: string,
  manifest: Manifest,
  options: ObjectCallOptions,
): Promise<LostShard[]> {
  const found = new Map<string, Map<string, number>>()
  const shards: (readonly [shard: ManifestShard, url: string])[] = []
  const roots = new Set<string>()
  for (const shard of manifest.entries) {
    const url = shard.url === undefined ? undefined : placedUrl(shard.url, manifest, prefix)
    if (url === undefined || isElsewhere(shard, manifest, objects)) continue
    shards.push([shard, url])
    found.set(url, new Map())
    roots.add(runFolderOf(url, prefix))
  }
  for (const root of roots) {
    for await (const object of objects.list(root, options)) {
      const url = ownerOf(object.url, found)
      if (url !== undefined) found.get(url)!.set(object.url.slice(url.length + 1), object.bytes)
    }
  }
  const lost: LostShard[] = []
  for (const [shard, url] of shards) {
    const { id } = shard
    const there = found.get(url)!
    if (there.size === 0) {
      lost.push({ id, url, problem: 'it has no objects' })
      continue
    }
    const seal = readSeal(shard, 'rollbackSnapshot')
    if (seal === undefined) continue
    // Checking digests would take a request for each shard.
    const sizes = { ...options, content: false }
    const { problems } = await inspectShard(objects, url, seal, there, sizes)
    if (problems.length > 0) lost.push({ id, url, problem: problems[0]! })
  }
  return lost
}

/** Describes lost shards as text: the first few of them. */
export function describeLost(lost: readonly LostShard[], shards: number): string {
  const named = lost.slice(0, 3).map(({ id, url, problem }) => `shard ${id}: ${problem} (${url})`)
  const more = lost.length > named.length ? `; and ${lost.length - named.length} more` : ''
  return `${lost.length} of ${shards} shards are missing or damaged: ${named.join('; ')}${more}`
}

/** The native engine stores shards of `memory://` in its own memory, and never seals them. */
export function isElsewhere(
  shard: ManifestShard,
  { shardFormat }: Manifest,
  objects: ObjectStore,
): boolean {
  if (objects.scheme !== 'memory' || shardFormat !== 'slatedb') return false
  const seal = readSeal(shard, 'listSnapshots')
  return seal === undefined || !namesObjects(seal)
}

/**
 * Returns `<prefix>/<folder>/run_id=…` of a shard in the usual layout; otherwise the shard itself.
 */
export function runFolderOf(url: string, prefix: string): string {
  const [folder, run, ...below] = url.slice(prefix.length + 1).split('/')
  return run !== undefined && runOfFolder(run) !== undefined && below.length > 0
    ? `${prefix}/${folder}/${run}`
    : url
}

/** Returns the shard that an object belongs to. */
function ownerOf(url: string, shards: ReadonlyMap<string, unknown>): string | undefined {
  for (let end = url.lastIndexOf('/'); end > 0; end = url.lastIndexOf('/', end - 1)) {
    const above = url.slice(0, end)
    if (shards.has(above)) return above
  }
  return undefined
}
