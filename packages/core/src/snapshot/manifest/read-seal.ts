import { decodeSeal } from './seal-text.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import type { ManifestShard } from './manifest.js'
import { badManifest } from './manifest-row.js'

/**
 * Returns the seal of a shard if its writer recorded one. Errors: SHARD_MANIFEST for a malformed
 * seal.
 */
export function readSeal(
  { id, seal }: Pick<ManifestShard, 'id' | 'seal'>,
  where: string,
): ShardSeal | undefined {
  if (seal === undefined) return undefined
  try {
    return decodeSeal(seal)
  } catch (cause) {
    const place = { table: 'build_meta', column: 'custom.shard_seals', shard: id }
    const site = { where, peer: 'ManifestParseError' } as const
    throw badManifest(site, place, `is malformed: ${(cause as Error).message}`, cause)
  }
}
