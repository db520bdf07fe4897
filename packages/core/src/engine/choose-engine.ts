import type { ShardyfusionError } from '../errors.js'
import { engineError } from '../errors/error-factories.js'
import type { Manifest } from '../snapshot/manifest/manifest.js'
import type { ObjectStore } from '../store/object-store.js'
import { describeValue } from '../options/describe-value.js'
import { CORE_MODULE, type Origin } from '../async/origin.js'
import type { ShardEngine } from './engine.js'
import { engineFromOrigin } from './engine-origin.js'
import { settleRuntime, slatedb } from '../slatedb/slatedb.js'

/** The engine of each known format; of engines in other packages, only the name is known here. */
const ENGINES: Readonly<Record<string, Origin>> = {
  slatedb: { module: CORE_MODULE, export: 'slatedb' },
  'sqlite-vec': { module: '@shardyfusion/vector', export: 'sqliteVec' },
  lancedb: { module: '@shardyfusion/lancedb', export: 'lancedb' },
}

/** Exists below a shard of the SQLite formats, and of no other format. */
const SQLITE_FILE = 'shard.db'

/** Engines of other packages that have been loaded, by the format of their shards. */
const registered = new Map<string, () => ShardEngine>()

/**
 * Makes readers find the engine of a format, if it is in a package that they cannot find by its name.
 *
 * The packages of engines call it when they are loaded.
 */
export function registerEngine(format: string, make: () => ShardEngine): void {
  registered.set(format, make)
}

/** The engine of snapshots with vectors whose writer names none. Errors: SHARD_INVALID_OPTION. */
export function vectorEngine(where: string): Promise<ShardEngine> {
  const format = 'sqlite-vec'
  const make = registered.get(format)
  return make === undefined ? engineFromOrigin(ENGINES[format]!, where) : Promise.resolve(make())
}

/** The engine of most snapshots, which a session prepares while it does not know the manifest yet. */
export function likelyEngine(): ShardEngine {
  return slatedb()
}

/**
 * Chooses the engine for the shards of a snapshot, by its manifest or, if that records no format,
 * by the first shard.
 *
 * Errors: SHARD_ENGINE, naming the format and the package to install, if no engine for it is
 * available.
 */
export async function chooseEngine(
  manifest: Manifest,
  objects: ObjectStore,
  where: string,
  signal?: AbortSignal,
): Promise<ShardEngine> {
  const format = recordedFormat(manifest) ?? (await foundFormat(manifest, objects, signal))
  if (format === 'slatedb') return settleRuntime(slatedb())
  const make = registered.get(format)
  if (make !== undefined) return make()
  const origin = Object.hasOwn(ENGINES, format) ? ENGINES[format] : undefined
  if (origin === undefined) throw unreadable(format, manifest.runId, where, 'pass one as engine')
  try {
    return await engineFromOrigin(origin, where)
  } catch (cause) {
    throw unreadable(
      format,
      manifest.runId,
      where,
      `install the package it is in: npm install ${origin.module}`,
      cause,
    )
  }
}

/**
 * Returns the format that a manifest records: for unified vector snapshots the field of the Python
 * project, otherwise our own.
 */
function recordedFormat({ custom, shardFormat }: Manifest): string | undefined {
  const { vector } = custom
  if (typeof vector === 'object' && vector !== null) {
    const { kv_backend: keyed, backend, unified } = vector as Readonly<Record<string, unknown>>
    if (typeof keyed === 'string') return keyed
    if (!isUnified(unified)) return typeof backend === 'string' ? backend : shardFormat
    // One file for both; otherwise keys are in SlateDB unless the field names another format
    // (wire-format §14).
    return backend === 'sqlite-vec' ? backend : 'slatedb'
  }
  return shardFormat
}

/** Python takes any value that counts as true. */
function isUnified(unified: unknown): boolean {
  return Boolean(unified)
}

/** Detects the format of the first shard with data; SlateDB if there is none. */
async function foundFormat(
  { entries, custom }: Manifest,
  objects: ObjectStore,
  signal: AbortSignal | undefined,
): Promise<string> {
  const url = entries.find((shard) => shard.url !== undefined)?.url
  const vector = custom['vector'] as { unified?: unknown } | null | undefined
  const isVectorOnly = typeof vector === 'object' && vector !== null && !isUnified(vector.unified)
  if (isVectorOnly) {
    if (url === undefined) return 'sqlite-vec'
    const file = await objects.head(`${url}/${SQLITE_FILE}`, { signal })
    return file === undefined ? 'lancedb' : 'sqlite-vec'
  }
  if (url === undefined) return 'slatedb'
  const isSlateDb = await slatedb().recognizes!({ url, objects, signal })
  if (isSlateDb) return 'slatedb'
  const file = await objects.head(`${url}/${SQLITE_FILE}`, { signal })
  return file === undefined ? 'slatedb' : 'sqlite'
}

function unreadable(
  format: string,
  runId: string,
  where: string,
  advice: string,
  cause?: unknown,
): ShardyfusionError {
  return engineError(
    where,
    `an engine for shards of format ${describeValue(format)} is needed to read run ${describeValue(runId)}, but there is ` +
      `none here; ${advice}`,
    { peer: 'ConfigValidationError', cause, details: { format } },
  )
}
