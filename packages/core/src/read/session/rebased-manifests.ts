import type { ShardyfusionError } from '../../errors.js'
import { manifestError } from '../../errors/error-factories.js'
import { manifestUrl, splitManifestUrl } from '../../snapshot/manifest-names.js'
import type { Manifest, ManifestShard } from '../../snapshot/manifest/manifest.js'
import type { ManifestRef, ManifestSource } from '../../snapshot/catalog/manifest-store.js'
import { CURRENT_POINTER, MANIFESTS } from '../../snapshot/layout.js'
import { isBelow, withoutTrailingSlashes } from '../../store/urls.js'
import { describeUrl } from '../../text/describe-url.js'

/**
 * Manifests of a snapshot that was copied to `prefix`, with every URL as if it had been written there.
 *
 * Pointer and manifests name URLs of where they were written; a copy keeps them.
 * Errors: SHARD_MANIFEST (peer ManifestParseError) for a URL outside the prefix the manifest itself was written below.
 */
export function rebasedManifests(
  manifests: ManifestSource,
  prefix: string,
  { isOwn }: { readonly isOwn: boolean },
): ManifestSource {
  return {
    async loadCurrent(options) {
      const current = await manifests.loadCurrent(options)
      // A catalog of the caller's was not copied with the shards.
      return current && !isOwn ? rebaseRef(current, prefix) : current
    },
    async loadManifest(ref, options) {
      return rebaseShards(await manifests.loadManifest(ref, options), prefix)
    },
    // Found below the new prefix in the first place.
    listManifests: (limit, options) => manifests.listManifests(limit, options),
  }
}

function rebaseRef(current: ManifestRef, prefix: string): ManifestRef {
  const parts = splitManifestUrl(current.ref)
  if (parts === undefined) {
    throw notBelow(
      `the manifest ${CURRENT_POINTER} names (${describeUrl(current.ref)})`,
      `…/${MANIFESTS}`,
    )
  }
  return { ...current, ref: manifestUrl(prefix, parts.dir) }
}

function rebaseShards(manifest: Manifest, prefix: string): Manifest {
  const from = withoutTrailingSlashes(manifest.prefix)
  const entries = manifest.entries.map((shard): ManifestShard => {
    if (shard.url === undefined) return shard
    if (isBelow(shard.url, from)) return { ...shard, url: prefix + shard.url.slice(from.length) }
    throw notBelow(`shard ${shard.id} (${describeUrl(shard.url)})`, describeUrl(from))
  })
  return { ...manifest, entries }
}

function notBelow(what: string, where: string): ShardyfusionError {
  return manifestError(
    "shardUrls: 'rebase'",
    `${what} must lie below ${where} to be found in the copy; copy the whole snapshot`,
  )
}
