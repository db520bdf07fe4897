import { isShardyfusionError } from '../../errors.js'
import type { ManifestRef, ManifestStore } from '../../snapshot/catalog/manifest-store.js'

/** The manifest that the pointer names; `undefined` also if the pointer is malformed, so that it can be repaired. */
export async function currentIfReadable(
  manifests: ManifestStore,
  signal: AbortSignal | undefined,
): Promise<ManifestRef | undefined> {
  try {
    return await manifests.loadCurrent({ signal })
  } catch (error) {
    if (isShardyfusionError(error) && error.code === 'SHARD_MANIFEST') return undefined
    throw error
  }
}
