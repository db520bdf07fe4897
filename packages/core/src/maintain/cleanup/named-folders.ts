import type { Manifest } from '../../snapshot/manifest/manifest.js'
import { isBelow, withoutTrailingSlashes } from '../../store/urls.js'
import { runFolderOf } from '../history/find-lost-shards.js'

/**
 * The folders of runs, or the shards laid out otherwise, in which a manifest names data.
 *
 * A URL is taken as it stands and, for a snapshot that was copied, as where it was copied to: both are kept.
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

/** True if one of two URLs is the other, or below it. */
export function overlap(a: string, b: string): boolean {
  return a === b || isBelow(a, b) || isBelow(b, a)
}
