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
