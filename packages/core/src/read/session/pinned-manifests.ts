import { invalidOption } from '../../errors/error-factories.js'
import { findManifest, type ManifestChoice } from '../../snapshot/catalog/find-manifest.js'
import type { ManifestCallOptions, ManifestSource } from '../../snapshot/catalog/manifest-store.js'

/**
 * Manifests among which the chosen one is current, whatever `_CURRENT` says; undefined if none is chosen.
 *
 * A reader of these stays where it is: `refresh()` finds nothing newer, without asking the store.
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
