import type { ShardyfusionError } from '../../errors.js'
import { invalidOption, manifestError } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import type { ShardUrls } from './session-options.js'
import { findManifest, type ManifestChoice } from '../../snapshot/catalog/find-manifest.js'
import type {
  ManifestCallOptions,
  ManifestRef,
  ManifestSource,
} from '../../snapshot/catalog/manifest-store.js'
import { CURRENT_POINTER, MANIFESTS } from '../../snapshot/layout.js'
import { manifestUrl, splitManifestUrl } from '../../snapshot/manifest-names.js'
import type { Manifest, ManifestShard } from '../../snapshot/manifest/manifest.js'
import { isBelow, withoutTrailingSlashes } from '../../store/urls.js'
import { describeUrl } from '../../text/describe-url.js'

/**
 * Restricts the pointer of a prefix to what `shardUrls` allows: below the prefix, mapped there, or
 * any.
 *
 * A pointer is untrusted, like a manifest: it must not send credentials to another bucket. A
 * caller's catalog is trusted with its own refs. Errors: SHARD_MANIFEST (peer ManifestParseError)
 * from `loadCurrent`.
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
    `the manifest _CURRENT names must be below ${prefix}, but it says ${describeUrl(ref)}; if the ` +
      `snapshot was copied here, open it with shardUrls: 'rebase'; if you trust this pointer, with 'any'`,
  )
}

/**
 * Maps the manifests of a snapshot that was copied to `prefix`, so that every URL is as if it had
 * been written there.
 *
 * Pointer and manifests name the URLs of the original place; a copy preserves them. Errors:
 * SHARD_MANIFEST (peer ManifestParseError) for a URL outside the prefix that the manifest was
 * written below.
 */
function rebasedManifests(
  manifests: ManifestSource,
  prefix: string,
  { isOwn }: { readonly isOwn: boolean },
): ManifestSource {
  return {
    async loadCurrent(options) {
      const current = await manifests.loadCurrent(options)
      // A caller's catalog was not copied with the shards.
      return current && !isOwn ? rebaseRef(current, prefix) : current
    },
    async loadManifest(ref, options) {
      return rebaseShards(await manifests.loadManifest(ref, options), prefix)
    },
    // These are found below the new prefix.
    listManifests: (limit, options) => manifests.listManifests(limit, options),
  }
}

function rebaseRef(current: ManifestRef, prefix: string): ManifestRef {
  const parts = splitManifestUrl(current.ref)
  const ref = parts === undefined ? '' : manifestUrl(prefix, parts.dir)
  // The name may contain a query or an encoded slash.
  if (!isBelow(ref, prefix)) {
    throw notBelow(
      `the manifest ${CURRENT_POINTER} names (${describeUrl(current.ref)})`,
      `…/${MANIFESTS}`,
    )
  }
  return { ...current, ref }
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

/** The URL of an object that a manifest names, as `shardUrls` places it. Errors: SHARD_MANIFEST. */
export function placedUrl(
  url: string,
  manifest: Manifest,
  prefix: string,
  shardUrls: ShardUrls,
): string {
  const from = withoutTrailingSlashes(manifest.prefix)
  if (shardUrls === 'any' || isBelow(url, prefix)) return url
  if (shardUrls === 'rebase' && isBelow(url, from)) return prefix + url.slice(from.length)
  throw manifestError(
    'SnapshotSession',
    `an object of the snapshot must be below ${prefix}, but the manifest says ${describeUrl(url)}; if the ` +
      `snapshot was copied here, open it with shardUrls: 'rebase'; if you trust this manifest, with 'any'`,
  )
}

function notBelow(what: string, where: string): ShardyfusionError {
  return manifestError(
    "shardUrls: 'rebase'",
    `${what} must be below ${where} to be found in the copy; copy the whole snapshot`,
  )
}

/**
 * Returns manifests in which the chosen one is current, whatever `_CURRENT` contains; undefined if
 * none is chosen.
 *
 * A reader with these never moves: `refresh()` finds nothing newer, without a request.
 */
export async function pinnedManifests(
  manifests: ManifestSource,
  prefix: string,
  choice: ManifestChoice,
  where: string,
  options: ManifestCallOptions & { readonly isOwn: boolean },
): Promise<ManifestSource | undefined> {
  const { runId, manifestRef } = choice
  if (runId === undefined && manifestRef === undefined) return undefined
  if (runId !== undefined && manifestRef !== undefined) {
    throw invalidOption(
      where,
      'runId and manifestRef were both given; one of them names the snapshot',
    )
  }
  const ref = await findManifest(manifests, prefix, choice, where, options)
  return {
    loadCurrent: () => Promise.resolve(ref),
    loadManifest: (url, call) => manifests.loadManifest(url, call),
    listManifests: () => Promise.resolve([ref]),
  }
}

/**
 * Refuses a manifest whose shards may not be opened from here.
 *
 * Errors: SHARD_MANIFEST for shards outside the prefix, unless `shardUrls` allows them.
 */
export function checkManifest(
  manifest: Manifest,
  prefix: string,
  shardUrls: ShardUrls,
  where: string,
): void {
  if (shardUrls !== 'any') refuseForeignUrls(manifest, prefix, where)
}

// A manifest is untrusted: it must not direct the engine, with the caller's credentials, anywhere
// else.
function refuseForeignUrls(manifest: Manifest, prefix: string, where: string): void {
  for (const shard of manifest.entries) {
    if (shard.url === undefined || isBelow(shard.url, prefix)) continue
    throw manifestError(
      where,
      `shard ${shard.id} must be below ${prefix}, but the manifest says ${describeUrl(shard.url)}; ` +
        `if the snapshot was copied here, open it with shardUrls: 'rebase'; if you trust this manifest, with 'any'`,
      { details: { shard: shard.id } },
    )
  }
}

/** Refuses snapshots without keys. Errors: SHARD_MANIFEST. */
export function refuseVectorOnly(manifest: Manifest, where: string): void {
  const { vector } = manifest.custom as { vector?: { unified?: unknown } | null }
  if (typeof vector !== 'object' || vector === null || Boolean(vector.unified)) return
  throw manifestError(
    where,
    `run ${describeValue(manifest.runId)} is a vector snapshot without keys; open it with VectorReader of @shardyfusion/vector`,
    { peer: 'ConfigValidationError', details: { vectorOnly: true } },
  )
}
