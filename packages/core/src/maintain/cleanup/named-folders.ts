import type { Manifest } from '../../snapshot/manifest/manifest.js'
import { isBelow, withoutTrailingSlashes } from '../../store/urls.js'
import { runFolderOf } from '../history/find-lost-shards.js'

/**
 * Returns the folders of runs, or unusually placed shards, in which a manifest names data.
 *
 * A URL is taken as written and, for a copied snapshot, at its place in the copy: both are kept.
 */
export function namedFolders(manifest: Manifest, prefix: string): string[] {
  return [...new Set(namedShards(manifest, prefix).map((url) => runFolderOf(url, prefix)))]
}

/** The same for each shard: below `prefix`, as written and at its place in a copy. */
export function namedShards(manifest: Manifest, prefix: string): string[] {
  const urls: string[] = []
  const written = withoutTrailingSlashes(manifest.prefix)
  for (const { url } of manifest.entries) {
    if (url === undefined) continue
    if (isBelow(url, prefix)) urls.push(url)
    if (written !== prefix && isBelow(url, written)) urls.push(prefix + url.slice(written.length))
  }
  return urls
}

/** Returns true if one of two URLs equals the other or is below it. */
export function overlap(a: string, b: string): boolean {
  return a === b || isBelow(a, b) || isBelow(b, a)
}

/** Returns true if one of `urls` overlaps one of `others`. */
export function overlapsAny(urls: readonly string[], others: readonly string[]): boolean {
  const exact = new Set(others)
  const above = new Set(others.flatMap((url) => ancestors(url)))
  return urls.some(
    (url) => exact.has(url) || above.has(url) || ancestors(url).some((one) => exact.has(one)),
  )
}

/** Returns every URL that this one is below. */
export function ancestors(url: string): string[] {
  const above: string[] = []
  for (let end = url.lastIndexOf('/'); end > 0; end = url.lastIndexOf('/', end - 1)) {
    above.push(url.slice(0, end))
  }
  return above
}
