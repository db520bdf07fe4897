import type { Manifest } from '../../snapshot/manifest/manifest.js'
import { isBelow, withoutTrailingSlashes } from '../../store/urls.js'
import { runFolderOf } from '../history/find-lost-shards.js'

/**
 * Returns the folders of runs, or unusually placed shards, in which a manifest names data.
 *
 * A URL is taken as written and, for a copied snapshot, at its place in the copy: both are kept.
 */
export function namedFolders(manifest: Manifest, prefix: string): string[] {
  const folders = new Set<string>()
  const written = withoutTrailingSlashes(manifest.prefix)
  for (const { url } of manifest.entries) {
    if (url === undefined) continue
    if (isBelow(url, prefix)) folders.add(runFolderOf(url, prefix))
    if (isBelow(url, written)) folders.add(runFolderOf(prefix + url.slice(written.length), prefix))
  }
  return [...folders]
}

/** Returns true if one of two URLs equals the other or is below it. */
export function overlap(a: string, b: string): boolean {
  return a === b || isBelow(a, b) || isBelow(b, a)
}
