import type { EngineReader, ShardEngine } from '../engine/engine.js'
import { openEngineReader } from '../engine/open-engine.js'
import { ShardyfusionError } from '../errors.js'
import type { Manifest, ManifestShard } from '../manifest/manifest.js'
import type { ManifestRef } from '../manifest/manifest-store.js'
import type { Storage } from '../objects/open-storage.js'
import { isBelow } from '../objects/urls.js'
import type { ShardUrls, SnapshotReaderOptions } from '../options.js'
import { openRouter } from '../routing/shard-router.js'
import { ShardPool } from './shard-pool.js'
import { SnapshotState } from './snapshot-state.js'
import { ValueCache } from './value-cache.js'

export interface OpenSnapshotContext {
  readonly prefix: string
  readonly storage: Storage
  readonly engine: ShardEngine
  readonly options: SnapshotReaderOptions & {
    maxOpenShards: number
    shardUrls: ShardUrls
    valueCacheBytes: number
  }
}

/** Bound on waiting for one of `maxOpenShards` places, in milliseconds (the Python pool's default). */
const POOL_WAIT_MS = 30_000

/** The pool a reader's snapshots share, so that `maxOpenShards` holds while it moves from one to the next. */
export function openShardPool(context: OpenSnapshotContext): ShardPool<ManifestShard> {
  return new ShardPool({
    maxOpen: context.options.maxOpenShards,
    waitTimeoutMs: POOL_WAIT_MS,
    open: (shard) => openShard(shard, context),
  })
}

/** Makes a readable snapshot of a manifest; no shard is opened yet. */
export async function openSnapshot(
  ref: ManifestRef,
  manifest: Manifest,
  context: OpenSnapshotContext,
  pool: ShardPool<ManifestShard>,
  where: string,
): Promise<SnapshotState> {
  refuseVectorOnly(manifest, where)
  if (context.options.shardUrls !== 'any') refuseForeignUrls(manifest, context.prefix, where)
  const router = await openRouter(manifest.sharding, manifest.shards)
  const { valueCacheBytes } = context.options
  const values = valueCacheBytes === 0 ? undefined : new ValueCache(valueCacheBytes)
  return new SnapshotState(ref, manifest, router, pool, values)
}

async function openShard(
  shard: ManifestShard,
  context: OpenSnapshotContext,
): Promise<EngineReader> {
  const { options, storage, engine } = context
  const { checkpointId } = shard
  const { openTimeoutMs } = options
  const url = shard.url!
  const { objects } = storage
  const env = await storage.engineEnvironment(url)
  return openEngineReader(
    engine,
    { url, objects, env, checkpointId, openTimeoutMs },
    'SnapshotReader',
  )
}

// A manifest is data from elsewhere: it must not send the engine, with the caller's credentials, anywhere else.
function refuseForeignUrls(manifest: Manifest, prefix: string, where: string): void {
  for (const shard of manifest.entries) {
    if (shard.url === undefined || isBelow(shard.url, prefix)) continue
    throw new ShardyfusionError(
      'SHARD_MANIFEST',
      `${where}: shard ${shard.id} must lie below ${prefix}, but the manifest says ${JSON.stringify(shard.url)}; ` +
        `if the snapshot was copied here, open it with shardUrls: 'rebase'; if you trust this manifest, with 'any'`,
      { details: { peer: 'ManifestParseError', shard: shard.id } },
    )
  }
}

function refuseVectorOnly(manifest: Manifest, where: string): void {
  const { vector } = manifest.custom as { vector?: { unified?: unknown } | null }
  if (typeof vector !== 'object' || vector === null || Boolean(vector.unified)) return
  throw new ShardyfusionError(
    'SHARD_MANIFEST',
    `${where}: run ${manifest.runId} is a vector snapshot without keys; open it with a vector reader`,
    { details: { peer: 'ConfigValidationError' } },
  )
}
