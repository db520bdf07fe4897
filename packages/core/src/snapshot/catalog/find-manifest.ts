import type { ShardyfusionError } from '../../errors.js'
import { invalidOption, notFound } from '../../errors/error-factories.js'
import { isBelow } from '../../store/urls.js'
import { describeUrl } from '../../text/describe-url.js'
import { manifestsUrl, parseManifestDir, splitManifestUrl } from '../manifest-names.js'
import type { ManifestCallOptions, ManifestRef, ManifestSource } from './manifest-store.js'

/** Names one published snapshot by its run id or the URL of its manifest. */
export interface ManifestChoice {
  readonly runId?: string | undefined
  readonly manifestRef?: string | undefined
}

/**
 * Finds the manifest of a run (the newest, if the run has published several), or the one at a URL.
 *
 * `loadManifest` checks whether it can be read. Errors: SHARD_NOT_FOUND for a run without one;
 * SHARD_INVALID_OPTION for a URL outside the prefix. In a catalog of the caller (`isOwn`),
 * `manifestRef` is one of its refs and not a URL.
 */
export async function findManifest(
  manifests: Pick<ManifestSource, 'listManifests'>,
  prefix: string,
  choice: ManifestChoice,
  where: string,
  options: ManifestCallOptions & { readonly isOwn?: boolean } = {},
): Promise<ManifestRef> {
  const { runId, manifestRef } = choice
  const isUrl = manifestRef !== undefined && options.isOwn !== true
  if (isUrl) return refOfUrl(manifestRef, prefix, where)
  const listed = await manifests.listManifests(Number.MAX_SAFE_INTEGER, options)
  const found = listed.find(({ ref, runId: of }) =>
    manifestRef === undefined ? of === runId : ref === manifestRef,
  )
  if (found !== undefined) return found
  if (manifestRef !== undefined) throw notListed(manifestRef, where)
  throw notFound(
    where,
    `run ${JSON.stringify(runId)} has published nothing below ${prefix}, or was cleaned up; ` +
      'listSnapshots() lists the published runs',
    { details: { runId } },
  )
}

function notListed(ref: string, where: string): ShardyfusionError {
  return notFound(
    where,
    `the catalog has no manifest ${describeUrl(ref)}; take it from listSnapshots()`,
    { details: { manifestRef: ref } },
  )
}

function refOfUrl(url: string, prefix: string, where: string): ManifestRef {
  const parts = isBelow(url, manifestsUrl(prefix)) ? splitManifestUrl(url) : undefined
  const parsed = parts && parseManifestDir(parts.dir)
  if (parsed !== undefined) return { ref: url, ...parsed }
  throw invalidOption(
    where,
    `a manifest must be the full URL of one below ${manifestsUrl(prefix)}, got ${describeUrl(url)}; ` +
      'take it from listSnapshots()',
    { peer: 'ValueError' },
  )
}

/**
 * Returns true if both name the same published manifest; a copied pointer still names the place
 * where it was written.
 */
export function isSameManifest(a: ManifestRef, b: ManifestRef): boolean {
  if (a.ref === b.ref) return true
  const dir = splitManifestUrl(a.ref)?.dir
  return dir !== undefined && dir === splitManifestUrl(b.ref)?.dir
}
