import type { ObjectStore } from '../../store/object-store.js'
import { attemptOf, runOfFolder } from '../../snapshot/layout.js'
import { lastSegment } from '../../store/urls.js'
import { ancestors } from './named-folders.js'
import { runFolderOf } from '../history/find-lost-shards.js'

/** The objects below a URL. */
export interface Tally {
  objects: number
  bytes: number
  /** Time at which the youngest object was written, in milliseconds since 1970. */
  youngestMs: number
}

export async function tally(
  objects: ObjectStore,
  urls: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Tally> {
  const sum: Tally = { objects: 0, bytes: 0, youngestMs: 0 }
  for (const url of urls) {
    for await (const info of objects.list(url, { signal })) add(sum, info)
  }
  return sum
}

/**
 * Returns the attempts at shards below `roots`, the folders of one run, that are not among the shards
 * that manifests name, by their URL.
 *
 * Objects that are not below an `attempt=…` come from no writer, and stay. Returns `undefined` if a
 * named shard is not in the expected place: its names then cannot be compared, and nothing may be
 * concluded. Shards of other runs do not matter.
 */
export async function staleAttempts(
  objects: ObjectStore,
  prefix: string,
  roots: readonly string[],
  shards: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Tally> | undefined> {
  const missing = new Set(shards.filter((url) => !isOfOtherRun(url, prefix, roots)))
  const named = new Set(missing)
  const stale = new Map<string, Tally>()
  for (const root of roots) {
    for await (const info of objects.list(root, { signal })) {
      const owners = ancestors(info.url).filter((url) => named.has(url))
      for (const owner of owners) missing.delete(owner)
      const attempt = attemptOf(info.url, root)?.url
      if (owners.length > 0 || attempt === undefined) continue
      const sum = stale.get(attempt) ?? { objects: 0, bytes: 0, youngestMs: 0 }
      stale.set(attempt, add(sum, info))
    }
  }
  if (missing.size > 0) return undefined
  // Removing an attempt's folder would also remove a shard inside it.
  for (const url of named) for (const above of ancestors(url)) stale.delete(above)
  return stale
}

function isOfOtherRun(url: string, prefix: string, roots: readonly string[]): boolean {
  const folder = runFolderOf(url, prefix)
  return runOfFolder(lastSegment(folder)) !== undefined && !roots.includes(folder)
}

function add(sum: Tally, info: { bytes: number; modifiedAt: Date }): Tally {
  sum.objects++
  sum.bytes += info.bytes
  sum.youngestMs = Math.max(sum.youngestMs, info.modifiedAt.getTime())
  return sum
}
