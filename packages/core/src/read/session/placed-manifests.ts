import type { ShardyfusionError } from '../../errors.js'
import { manifestError } from '../../errors/error-factories.js'
import type { ManifestSource } from '../../snapshot/catalog/manifest-store.js'
import { isBelow } from '../../store/urls.js'
import type { ShardUrls } from './session-options.js'
import { describeUrl } from '../../text/describe-url.js'
import { rebasedManifests } from './rebased-manifests.js'

/**
 * The manifests of a prefix, with the pointer held to what `shardUrls` allows: below the prefix, mapped there, or any.
 *
 * A pointer is data from elsewhere, as a manifest is: it must not send anybody's credentials to another bucket. A catalog
 * of the caller's is trusted with its own refs.
 * Errors: SHARD_MANIFEST (peer ManifestParseError) from `loadCurrent`.
 */
export function placedManifests(
  manifests: ManifestSource,
  prefix: string,
  shardUrls: ShardUrls,
  catalog: { readonly isOwn: boolean },
): ManifestSource {
  if (shardUrls === 'rebase') return rebasedManifests(manifests, prefix, catalog)
  if (shardUrls === 'any' || catalog.isOwn) return manifests
  return {
    async loadCurrent(options) {
      const current = await manifests.loadCurrent(options)
      if (current !== undefined && !isBelow(current.ref, prefix)) throw foreign(current.ref, prefix)
      return current
    },
    loadManifest: (ref, options) => manifests.loadManifest(ref, options),
    listManifests: (limit, options) => manifests.listManifests(limit, options),
  }
}

function foreign(ref: string, prefix: string): ShardyfusionError {
  return manifestError(
    'SnapshotReader',
    `the manifest _CURRENT names must lie below ${prefix}, but it says ${describeUrl(ref)}; if the ` +
      `snapshot was copied here, open it with shardUrls: 'rebase'; if you trust this pointer, with 'any'`,
  )
}
