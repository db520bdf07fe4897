import type { ObjectCallOptions, ObjectStore } from '../store/object-store.js'
import { namesTable, newestManifest } from './slatedb-seal.js'

const MANIFEST_ID = /^manifest\/(\d+)\.manifest$/

/**
 * Returns signs of missing objects in a SlateDB shard without a seal, one text each; `undefined`
 * for other shards.
 *
 * SlateDB leaves no such gaps, but a tool that removes its objects may.
 */
export async function slateDbGaps(
  objects: ObjectStore,
  url: string,
  found: ReadonlyMap<string, number>,
  options: ObjectCallOptions,
): Promise<string[] | undefined> {
  const path = newestManifest(found.keys())
  if (path === undefined) return undefined
  const newest = `${url}/${path}`
  const signs: string[] = []
  const ids = [...found.keys()].flatMap((name) => MANIFEST_ID.exec(name)?.[1] ?? []).map(BigInt)
  ids.sort((a, b) => (a < b ? -1 : 1))
  const gap = ids.find((id, i) => i > 0 && id !== ids[i - 1]! + 1n)
  if (gap !== undefined) signs.push(`manifests before ${gap} are missing from its series`)
  const manifest = await objects.get(newest, options)
  if (manifest === undefined) return signs
  const tables = [...found.keys()].filter((name) => name.startsWith('compacted/')).sort()
  // Names of tables ascend with time: a last table that is not named was stored after the manifest.
  const last = tables.at(-1)
  if (last !== undefined && !namesTable(manifest, last)) {
    signs.push(
      `its newest manifest (${newest}) does not name its newest table (${last}): later manifests may be lost`,
    )
  }
  return signs
}
