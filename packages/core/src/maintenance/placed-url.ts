import type { Manifest } from '../manifest/manifest.js'
import { isBelow, withoutTrailingSlashes } from '../objects/urls.js'

/** Where a URL of a manifest is below `prefix`, to which the snapshot may have been copied; `undefined` if elsewhere. */
export function placedUrl(url: string, manifest: Manifest, prefix: string): string | undefined {
  if (isBelow(url, prefix)) return url
  const written = withoutTrailingSlashes(manifest.prefix)
  return isBelow(url, written) ? prefix + url.slice(written.length) : undefined
}
