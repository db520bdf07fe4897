import type { ShardingOption } from '../build/open/sharding-option.js'
import { chooseEngine } from '../engine/choose-engine.js'
import type { ShardEngine } from '../engine/engine.js'
import { resolveEngine } from '../engine/resolve-engine.js'
import type { ShardyfusionError } from '../errors.js'
import { invalidOption, notFound } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import { checkManifest, placedManifests } from '../read/session/manifest-sources.js'
import type { ManifestRef, ManifestSource } from '../snapshot/catalog/manifest-store.js'
import { openCatalog } from '../snapshot/catalog/open-catalog.js'
import { requireRunId } from '../snapshot/catalog/require-run-id.js'
import type { Manifest } from '../snapshot/manifest/manifest.js'
import { openStorage } from '../store/open-storage.js'
import { validatePrefix } from '../store/urls.js'
import { conflict } from './publish/conflict.js'
import type { ParsedUpdaterOptions } from './updater-options.js'

/** The snapshot that an update starts from. */
export interface BaseSnapshot {
  readonly ref: ManifestRef
  /** The ref as the catalog has it; differs from `ref.ref` in a copied snapshot. */
  readonly storedRef: string
  /** Its URLs are below the prefix. */
  readonly manifest: Manifest
  /** Reads its shards, and writes those of the update. */
  readonly engine: ShardEngine
  readonly sharding: ShardingOption
}

/**
 * Opens the current snapshot for an update, and checks that it can be updated before anything is
 * written.
 *
 * Errors: SHARD_NOT_FOUND if nothing is published; SHARD_MANIFEST; SHARD_PUBLISH if another snapshot
 * than `expectedCurrent` is current; SHARD_INVALID_OPTION for snapshots with vectors, and for an
 * engine of another format.
 */
export async function openBase(o: ParsedUpdaterOptions, where: string): Promise<BaseSnapshot> {
  const { signal } = o
  const prefix = validatePrefix(o.prefix, where)
  const storage = await openStorage(prefix, o, where)
  try {
    const { objects } = storage
    const { manifests, isOwn } = openCatalog(o.catalog, objects, prefix, where)
    const stored = await manifests.loadCurrent({ signal })
    if (stored === undefined) throw nothingPublished(prefix, where)
    const source = placedManifests(currentOnly(stored, manifests), prefix, o.shardUrls, { isOwn })
    const ref = (await source.loadCurrent({ signal }))!
    // A resumed run that is current already has no other base to compare with.
    const isDone = o.resume && ref.runId === o.runId
    if (!isDone && o.expectedCurrent !== undefined && !names(o.expectedCurrent, ref, stored)) {
      const expected = describeValue(o.expectedCurrent)
      throw conflict(where, `the snapshot ${expected} was expected to be current`, ref, o)
    }
    const manifest = await source.loadManifest(ref.ref, { signal })
    requireRunId(ref, manifest, where)
    checkManifest(manifest, prefix, 'below', where)
    refuseVectors(manifest, where)
    const given = o.engine === undefined ? undefined : await resolveEngine(o.engine, where)
    const { shardFormat } = manifest
    const found =
      given !== undefined && shardFormat !== undefined
        ? undefined
        : await chooseEngine(manifest, objects, where, signal)
    const engine = given ?? found!
    const format = found?.format ?? shardFormat!
    if (engine.format !== format) throw otherFormat(engine, format, where)
    return { ref, storedRef: stored.ref, manifest, engine, sharding: shardingOf(manifest) }
  } finally {
    await storage.close()
  }
}

function currentOnly(stored: ManifestRef, manifests: ManifestSource): ManifestSource {
  return {
    loadCurrent: () => Promise.resolve(stored),
    loadManifest: (ref, options) => manifests.loadManifest(ref, options),
    listManifests: (limit, options) => manifests.listManifests(limit, options),
  }
}

function names(expected: string, ref: ManifestRef, stored: ManifestRef): boolean {
  return expected === ref.runId || expected === ref.ref || expected === stored.ref
}

/** The sharding of a snapshot as writers take it; the number of shards stays. */
function shardingOf({ sharding, shards }: Manifest): ShardingOption {
  if (sharding.strategy === 'hash') return { shards }
  const { celExpr: cel, celColumns: columns, routingValues: values } = sharding
  return { cel, columns: { ...columns }, ...(values === undefined ? { shards } : { values }) }
}

function refuseVectors({ custom, runId }: Manifest, where: string): void {
  const { vector } = custom
  if (vector === undefined || vector === null) return
  throw invalidOption(
    where,
    `run ${describeValue(runId)} has vectors, and an update takes rows without vectors; build the next snapshot ` +
      'with writeSnapshot',
    { details: { runId } },
  )
}

function nothingPublished(prefix: string, where: string): ShardyfusionError {
  return notFound(
    where,
    `an update needs a current snapshot, but nothing is published below ${prefix}; build the first one with writeSnapshot`,
  )
}

function otherFormat(engine: ShardEngine, format: string, where: string): ShardyfusionError {
  return invalidOption(
    where,
    `engine must have the format of the current snapshot, ${describeValue(format)}, but "${engine.name}" has ` +
      `${describeValue(engine.format)}; leave it out, or build the next snapshot with writeSnapshot`,
    { details: { format, engine: engine.name } },
  )
}
