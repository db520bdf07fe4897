import type { Manifest } from '../../snapshot/manifest/manifest.js'
import { isBelow, withoutTrailingSlashes } from '../../store/urls.js'

/**
 * Returns where a manifest's URL is below `prefix`, to which the snapshot may have been copied;
 * `undefined` if elsewhere.
 */
export function placedUrl(url: string, manifest: Manifest, prefix: string): string | undefined {
  if (isBelow(url, prefix)) return url
  const written = withoutTrailingSlashes(manifest.prefix)
  return isBelow(url, written) ? prefix + url.slice(written.length) : undefined
}
