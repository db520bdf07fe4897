import { inspectShard, inspectUnsealed, listShard } from '../../engine/inspect-shard.js'
import { namesObjects } from '../../engine/shard-seal.js'
import type { ManifestShard } from '../../snapshot/manifest/manifest.js'
import { readSeal } from '../../snapshot/manifest/read-seal.js'
import type { ObjectCallOptions, ObjectStore } from '../../store/object-store.js'
import type { ShardFindings } from './shard-findings.js'

/**
 * Compares the objects of a shard with its seal or, if it has none, looks for signs of missing
 * objects.
 *
 * Takes one listing and, for most shards, one read. Resolves to false for a SlateDB shard without a
 * seal.
 */
export async function checkObjects(
  shard: ManifestShard,
  objects: ObjectStore,
  findings: ShardFindings,
  options: ObjectCallOptions,
): Promise<boolean> {
  const url = shard.url!
  const found = await listShard(objects, url, options)
  // The engine decides whether the shard exists; some engines store it elsewhere.
  if (found.size === 0) return true
  const seal = readSeal(shard, 'verifySnapshot')
  if (seal === undefined || !namesObjects(seal)) {
    const signs = await inspectUnsealed(objects, url, found, options)
    for (const sign of signs ?? []) findings.add('suspicious', () => sign, undefined, 'warning')
    return signs === undefined
  }
  const { problems, rewrittenBy } = await inspectShard(objects, url, seal, found, options)
  for (const problem of problems) findings.add('damaged', () => `${problem} (${url})`)
  if (rewrittenBy === undefined) return true
  findings.add(
    'rewritten',
    () => `another tool has rewritten it (${rewrittenBy}): its seal no longer applies`,
    undefined,
    'warning',
  )
  return true
}
<<<<<<< HEAD

/**
 * Looks for gaps in a SlateDB shard with unknown objects. SlateDB itself leaves none, but a tool
 * that removes its objects may.
 */
async function lookForGaps(
  objects: ObjectStore,
  newest: string,
  found: ReadonlyMap<string, number>,
  findings: ShardFindings,
  options: ObjectCallOptions,
): Promise<void> {
  const suspect = (message: string): void =>
    findings.add('suspicious', () => message, undefined, 'warning')
  const ids = [...found.keys()].flatMap((path) => MANIFEST_ID.exec(path)?.[1] ?? []).map(BigInt)
  ids.sort((a, b) => (a < b ? -1 : 1))
  const gap = ids.find((id, i) => i > 0 && id !== ids[i - 1]! + 1n)
  if (gap !== undefined) suspect(`manifests before ${gap} are missing from its series`)
  const manifest = await objects.get(newest, options)
  if (manifest === undefined) return
  const tables = [...found.keys()].filter((path) => path.startsWith('compacted/')).sort()
  // Names of tables ascend with time: a last table that is not named was stored after the manifest.
  const last = tables.at(-1)
  if (last === undefined || namesTable(manifest, last)) return
  suspect(
    `its newest manifest (${newest}) does not name its newest table (${last}): later manifests may be lost`,
  )
}
=======
>>>>>>> main
