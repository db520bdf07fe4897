import { manifestError } from '../../errors/error-factories.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import { isBelow } from '../../store/urls.js'
import type { ShardUrls } from './session-options.js'
import { describeUrl } from '../../text/describe-url.js'

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

// A manifest is data from elsewhere: it must not send the engine, with the caller's credentials, anywhere else.
function refuseForeignUrls(manifest: Manifest, prefix: string, where: string): void {
  for (const shard of manifest.entries) {
    if (shard.url === undefined || isBelow(shard.url, prefix)) continue
    throw manifestError(
      where,
      `shard ${shard.id} must lie below ${prefix}, but the manifest says ${describeUrl(shard.url)}; ` +
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
    `run ${manifest.runId} is a vector snapshot without keys; open it with a vector reader`,
    { peer: 'ConfigValidationError' },
  )
}
