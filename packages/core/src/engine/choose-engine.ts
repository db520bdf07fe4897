import { isShardyfusionError, type ShardyfusionError } from '../errors.js'
import { engineError } from '../errors/error-factories.js'
import type { Manifest } from '../snapshot/manifest/manifest.js'
import type { ObjectCallOptions, ObjectStore } from '../store/object-store.js'
import { describeValue } from '../options/describe-value.js'
import { CORE_MODULE, type Origin } from '../async/origin.js'
import type { ShardEngine } from './engine.js'
import { engineFromOrigin } from './engine-origin.js'
import { settleRuntime, slatedb } from '../slatedb/slatedb.js'
import { SHARD_FILE, shardFileUrl } from '../sqlite/shard-file.js'

const LANCEDB_MODULE = '@shardyfusion/lancedb'
const LANCEDB: Origin = { module: LANCEDB_MODULE, export: 'lancedb' }
const SLATEDB: Origin = { module: CORE_MODULE, export: 'slatedb' }
const SQLITE: Origin = { module: CORE_MODULE, export: 'sqlite' }

/** The engine of each known format; of engines in other packages, only the name is known here. */
const ENGINES: Readonly<Record<string, Origin>> = {
  slatedb: SLATEDB,
  sqlite: SQLITE,
  'sqlite-vec': { module: '@shardyfusion/vector', export: 'sqliteVec' },
  lancedb: LANCEDB,
  'slatedb+lancedb': withLanceDb(SLATEDB),
  'sqlite+lancedb': withLanceDb(SQLITE),
}

/** Keys in one format and vectors in LanceDB, below the same URL. */
function withLanceDb(kv: Origin): Origin {
  return { module: LANCEDB_MODULE, export: 'compositeFrom', options: { kv, vectors: LANCEDB } }
}

/** Engines of other packages, by the format of their shards. */
const registered = new Map<string, Origin | (() => ShardEngine)>()

/**
 * Makes readers find the engine of a format, if it is in a package that they cannot find by its name:
 * by a function, or by an origin, which is loaded when it is needed.
 *
 * The packages of engines call it when they are loaded.
 */
export function registerEngine(format: string, engine: Origin | (() => ShardEngine)): void {
  registered.set(format, engine)
}

/** The origins of all registered engines by their format, for other threads. */
export function registeredOrigins(): [format: string, origin: Origin][] {
  return [...registered].flatMap(([format, engine]) => {
    const origin = typeof engine === 'function' ? engine().origin : engine
    return origin === undefined ? [] : [[format, origin] as [string, Origin]]
  })
}

async function registeredEngine(format: string, where: string): Promise<ShardEngine | undefined> {
  const engine = registered.get(format)
  return typeof engine === 'object' ? engineFromOrigin(engine, where) : engine?.()
}

/** The origin of an engine that other machines understand: a known package by its name instead of a URL. */
export function portableOrigin({ format }: ShardEngine, origin: Origin): Origin {
  const known = Object.hasOwn(ENGINES, format) ? ENGINES[format] : undefined
  const isOwn = known?.export === origin.export && URL.canParse(origin.module)
  return isOwn ? { ...origin, module: known!.module } : origin
}

/** The same origin with the URL of the package, if it is registered here. */
export function installedOrigin(origin: Origin): Origin {
  for (const [format, own] of registeredOrigins()) {
    const known = Object.hasOwn(ENGINES, format) ? ENGINES[format] : undefined
    if (known?.module === origin.module) return { ...origin, module: own.module }
  }
  return origin
}

/** The engine of snapshots with vectors whose writer names none. Errors: SHARD_INVALID_OPTION. */
export async function vectorEngine(where: string): Promise<ShardEngine> {
  const format = 'sqlite-vec'
  return (await registeredEngine(format, where)) ?? engineFromOrigin(ENGINES[format]!, where)
}

/** The engine of a format that `detectFormat` finds. */
export function engineOfFormat(format: 'slatedb' | 'sqlite', where: string): Promise<ShardEngine> {
  return engineFromOrigin(ENGINES[format]!, where)
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
  // Keys can be read without the engine of the vectors, which searches then ask for.
  const joined = hasLanceDbVectors(manifest) && (await availableEngine(`${format}+lancedb`, where))
  if (joined) return joined
  if (format === 'slatedb') return settleRuntime(slatedb())
  const made = await registeredEngine(format, where)
  if (made !== undefined) return made
  const origin = Object.hasOwn(ENGINES, format) ? ENGINES[format] : undefined
  if (origin === undefined) throw unreadable(format, manifest.runId, where, 'pass one as engine')
  try {
    return await engineFromOrigin(origin, where)
  } catch (cause) {
    throw unreadable(
      format,
      manifest.runId,
      where,
      `install the package it is in (${installCommand(origin)}) and import it`,
      cause,
    )
  }
}

/** Returns the engine of a format; `undefined` if its package is not there or cannot be loaded. */
async function availableEngine(format: string, where: string): Promise<ShardEngine | undefined> {
  if (!Object.hasOwn(ENGINES, format)) return undefined
  try {
    return (
      (await registeredEngine(format, where)) ?? (await engineFromOrigin(ENGINES[format]!, where))
    )
  } catch (error) {
    if (!isShardyfusionError(error)) throw error
    return undefined
  }
}

/** Rows with keys whose vectors are in LanceDB, next to a shard of the keys. */
function hasLanceDbVectors({ custom }: Manifest): boolean {
  const { vector } = custom
  if (typeof vector !== 'object' || vector === null) return false
  const { backend = 'lancedb', unified } = vector as Readonly<Record<string, unknown>>
  return isUnified(unified) && backend === 'lancedb'
}

/** The command that installs the engine of a snapshot's vectors, if its keys are in another format. */
export function vectorInstallCommand(manifest: Manifest): string | undefined {
  return hasLanceDbVectors(manifest) ? installCommand(LANCEDB) : undefined
}

function installCommand({ module }: Origin): string {
  return `npm install ${module}`
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
    const file = await objects.head(shardFileUrl(url), { signal })
    return file === undefined ? 'lancedb' : 'sqlite-vec'
  }
  if (url === undefined) return 'slatedb'
  return (await detectFormat(objects, url, { signal })) ?? 'slatedb'
}

/**
 * Detects the format of a shard by its objects; `undefined` if they are of neither format.
 *
 * One list, which SlateDB needs anyway to open the shard. A plain web server has no lists; there it
 * asks for the file of SQLite. Errors: those of the store.
 */
export async function detectFormat(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions = {},
): Promise<'slatedb' | 'sqlite' | undefined> {
  try {
    for await (const object of objects.list(url, options)) {
      const path = object.url.slice(url.length + 1)
      if (path === SHARD_FILE) return 'sqlite'
      if (path.startsWith('manifest/')) return 'slatedb'
    }
    return undefined
  } catch (error) {
    const file = await objects.head(shardFileUrl(url), options).catch(() => undefined)
    if (file === undefined) throw error
    return 'sqlite'
  }
}

/** Names the format of a shard that an engine did not find, if it has another format. */
export async function explainMissing(
  failure: unknown,
  { name, format }: ShardEngine,
  objects: ObjectStore,
  url: string,
  where: string,
): Promise<unknown> {
  if (!isShardyfusionError(failure) || failure.code !== 'SHARD_NOT_FOUND') return failure
  const found = await detectFormat(objects, url).catch(() => undefined)
  // The format of keys comes first: 'slatedb+lancedb'.
  if (found === undefined || found === format.split('+')[0]) return failure
  return engineError(
    where,
    `the shard ${url} has the format "${found}", but the engine "${name}" reads "${format}"; omit engine, or pass ` +
      `one for that format`,
    { cause: failure, details: { url, format: found, engine: name } },
  )
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
