import { chooseEngine, explainMissing } from '../../engine/choose-engine.js'
import type { EngineReader, ShardEngine } from '../../engine/engine.js'
import { requireCacheable } from '../../engine/require-cacheable.js'
import { openEngineReader } from '../../engine/open-engine.js'
import type { ReaderCounters } from '../../diagnostics/reader-stats.js'
import { traced } from '../../diagnostics/traces.js'
import { type ErrorCode, isShardyfusionError } from '../../errors.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import type { ManifestRef, ManifestSource } from '../../snapshot/catalog/manifest-store.js'
import { readSeal } from '../../snapshot/manifest/read-seal.js'
import { runIdFromRef } from '../../snapshot/manifest-names.js'
import type { Storage } from '../../store/open-storage.js'
import type { SessionOptions, ShardUrls } from './session-options.js'
import { openRouter } from '../../routing/open-router.js'
import type { ListedStore } from './listed-store.js'
import { POOL_WAIT_MS, ShardPool } from './shard-pool.js'
import { placedUrl } from './manifest-sources.js'
import type { SessionHooks, SnapshotPlace } from './session-hooks.js'
import { type SnapshotShard, SnapshotState } from './snapshot-state.js'

export interface OpenSnapshotContext {
  /** Starts the messages, such as `SnapshotReader`. */
  readonly name: string
  readonly prefix: string
  readonly storage: Storage
  /** The engine that the caller chose; otherwise each snapshot determines it. */
  readonly engine: ShardEngine | undefined
  readonly listed: ListedStore
  readonly counters: ReaderCounters
  readonly options: SessionOptions & { readonly shardUrls: ShardUrls }
}

/** For engines without a default; a reader of SlateDB's native engine may take hundreds of MB. */
const DEFAULT_MAX_OPEN_SHARDS = 16

/** Error codes of an open that found other objects than the listing. */
const STALE_CODES = new Set<ErrorCode>(['SHARD_NOT_FOUND', 'SHARD_ENGINE'])

/** Wraps manifests so that loading one also starts to list the shards of its run. */
export function listingAhead(manifests: ManifestSource, listed: ListedStore): ManifestSource {
  // In a caller's catalog, refs do not name their run.
  let current: ManifestRef | undefined
  return {
    loadCurrent: async (options) => (current = await manifests.loadCurrent(options)),
    listManifests: (limit, options) => manifests.listManifests(limit, options),
    loadManifest: (ref, options) => {
      const runId = runIdFromRef(ref) ?? (current?.ref === ref ? current.runId : undefined)
      if (runId !== undefined) listed.listAhead(runId)
      return manifests.loadManifest(ref, options)
    },
  }
}

/**
 * Makes the pool that a reader's snapshots share, so that `maxOpenShards` also holds while it moves
 * from one to the next.
 */
export function openShardPool(
  context: OpenSnapshotContext,
  engine: ShardEngine,
): ShardPool<SnapshotShard> {
  return new ShardPool({
    name: context.name,
    maxOpen: context.options.maxOpenShards ?? engine.maxOpenReaders ?? DEFAULT_MAX_OPEN_SHARDS,
    waitTimeoutMs: POOL_WAIT_MS,
    open: (shard) => openCounted(shard, context),
  })
}

/** Returns the engine of a snapshot: the caller's choice, or the one for its format. */
export async function engineOf(
  manifest: Manifest,
  { engine, listed, options }: OpenSnapshotContext,
  where: string,
): Promise<ShardEngine> {
  const chosen = engine ?? (await chooseEngine(manifest, listed.objects, where))
  if (options.cache !== undefined) requireCacheable(chosen, where)
  return chosen
}

/** Makes a readable snapshot of a manifest, without opening a shard. */
export async function openSnapshot<X>({
  ref,
  manifest,
  engine,
  pool,
  hooks,
  context,
}: {
  readonly ref: ManifestRef
  readonly manifest: Manifest
  readonly engine: ShardEngine
  readonly pool: ShardPool<SnapshotShard>
  readonly hooks: SessionHooks<X>
  readonly context: OpenSnapshotContext
}): Promise<SnapshotState<X>> {
  const router = await openRouter(manifest.sharding, manifest.shards)
  // Without a hook, X is undefined.
  const { prefix, storage, options } = context
  const place: SnapshotPlace = {
    objects: storage.objects,
    urlOf: (url) => placedUrl(url, manifest, prefix, options.shardUrls),
    signal: options.signal,
  }
  const extra = (await hooks.attach?.(manifest, engine, place)) as X
  const detach = (): void => hooks.detach?.(extra)
  return new SnapshotState(ref, manifest, router, engine, pool, extra, detach)
}

function openCounted(shard: SnapshotShard, context: OpenSnapshotContext): Promise<EngineReader> {
  const { counters, prefix } = context
  const { runId, engine, entry } = shard
  const opening = traced(
    'shard-open',
    () => ({ prefix, runId, shard: entry.id, engine: engine.name }),
    () => openShard(shard, context),
  )
  return counters.opening(opening)
}

async function openShard(
  { entry, engine, vectors, snapshotBytes }: SnapshotShard,
  context: OpenSnapshotContext,
): Promise<EngineReader> {
  const { name, options, storage, listed } = context
  const { checkpointId, bytes } = entry
  const seal = readSeal(entry, name)
  const { openTimeoutMs, maxValueBytes } = options
  const url = entry.url!
  const viaObjects = engine.supports.io === 'objects'
  const { objects } = viaObjects ? listed : storage
  const env = viaObjects ? undefined : await storage.engineEnvironment(url)
  const open = (): Promise<EngineReader> =>
    openEngineReader(
      engine,
      {
        url,
        objects,
        env,
        checkpointId,
        bytes,
        snapshotBytes,
        seal,
        openTimeoutMs,
        maxValueBytes,
        vectors,
      },
      name,
    )
  try {
    return await open()
  } catch (error) {
    // Shards do not change, but an operator may have replaced one.
    const isStale = isShardyfusionError(error) && STALE_CODES.has(error.code)
    if (isStale && listed.forget()) return open()
    throw await explainMissing(error, engine, storage.objects, url, name)
  }
}
