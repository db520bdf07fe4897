import type { ObjectStore } from '../../store/object-store.js'
import { attemptOf } from '../../snapshot/layout.js'
import { isBelow, withoutTrailingSlashes } from '../../store/urls.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'

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
 * Returns the attempts at shards below `roots` that none of the run's manifests names, by their
 * URL.
 *
 * Objects that are not below an `attempt=…` come from no writer, and stay. Returns `undefined` if a
 * named shard is not in the expected place: its names then cannot be compared, and nothing may be
 * concluded.
 */
export async function staleAttempts(
  objects: ObjectStore,
  prefix: string,
  roots: readonly string[],
  manifests: readonly Manifest[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Tally> | undefined> {
  const missing = new Set(manifests.flatMap((manifest) => namedBy(manifest, prefix)))
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

function add(sum: Tally, info: { bytes: number; modifiedAt: Date }): Tally {
  sum.objects++
  sum.bytes += info.bytes
  sum.youngestMs = Math.max(sum.youngestMs, info.modifiedAt.getTime())
  return sum
}

/** Returns the shards of the manifest as URLs below `prefix`, as in a copied snapshot. */
function namedBy(manifest: Manifest, prefix: string): string[] {
  const written = withoutTrailingSlashes(manifest.prefix)
  return manifest.entries.flatMap(({ url }) => {
    if (url === undefined) return []
    return isBelow(url, written) ? prefix + url.slice(written.length) : url
  })
}

/** Returns every URL that the object is below. */
function ancestors(url: string): string[] {
  const above: string[] = []
  for (let end = url.lastIndexOf('/'); end > 0; end = url.lastIndexOf('/', end - 1)) {
    above.push(url.slice(0, end))
  }
  return above
}
