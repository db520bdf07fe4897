import { type Environment, resolveEnvironment } from './environment/environment.js'
import { isShardyfusionError } from '../errors.js'
import { invalidOption } from '../errors/error-factories.js'
import { closeOnce } from '../async/close-once.js'
import { delegate } from '../async/delegate.js'
import type { CacheOption, CacheStats } from './cache/cache-options.js'
import { openObjectStore } from './open-store.js'
import type { ObjectStore } from './object-store.js'
import { observedStore, StoreCounters } from './observed-store.js'
import type { S3Options } from './s3/connect/s3-options.js'
import type { S3Store } from './s3/s3-store.js'
import type { StorageOptions } from './storage-options.js'
import { parseS3Url, schemeOf } from './urls.js'

/**
 * The storage of a reader or writer: the store of its objects, and the environment for its engine.
 */
export interface Storage {
  readonly objects: ObjectStore
  /** Resolves once storage has answered; rejects with SHARD_STORE and the reason if it does not. */
  readonly reachable: Promise<void>
  /**
   * The variables for an engine that opens `url` now. Errors: SHARD_STORE if `url` cannot be
   * reached.
   */
  engineEnvironment(url: string): Promise<Environment | undefined>
  /** The calls of the store so far, behind the cache. */
  readonly requests: StoreCounters
  /** Returns the counts of the cache; absent without one. */
  cacheStats?(): CacheStats
  /** Closes the cache, and the store if it was opened here; idempotent. */
  close(): Promise<void>
}

/** Storage options, and the bound on the first question to the store. */
interface ConnectOptions extends StorageOptions, CacheOption {
  openTimeoutMs?: number | undefined
  /** Selects what is cached, if not the objects of attempts. */
  isImmutable?: ((url: string) => boolean) | undefined
}

/**
 * Resolves the `objects`, `s3`, `env` and `envFile` options for everything at or below `url`.
 *
 * For `s3://`, one connection serves the store and the engine. One request checks that storage can
 * be reached, because engines never report that. Errors: SHARD_INVALID_OPTION; SHARD_STORE from the
 * store.
 */
export async function openStorage(
  url: string,
  options: ConnectOptions,
  where: string,
): Promise<Storage> {
  const storage = await connectStorage(url, options, where)
  try {
    await storage.reachable
  } catch (error) {
    await storage.close()
    throw error
  }
  return storage
}

/**
 * The same as `openStorage`, without waiting for storage to answer; for callers that send a request
 * at once. See `whileReachable`.
 */
export async function connectStorage(
  url: string,
  options: ConnectOptions,
  where: string,
): Promise<Storage> {
  const storage = await connectUncached(url, options, where)
  if (options.cache === undefined) return storage
  try {
    const { cachedStore } = await import('./cache/cached-store.js')
    // The storage closes its store, if it is its own.
    const base = delegate(storage.objects, { close: async () => {} })
    const objects = cachedStore(base, options.cache, options.isImmutable)
    const close = closeOnce(async () => {
      await objects.close()
      await storage.close()
    })
    return { ...storage, objects, close, cacheStats: () => objects.cacheStats() }
  } catch (error) {
    await storage.close()
    throw error
  }
}

async function connectUncached(
  url: string,
  options: ConnectOptions,
  where: string,
): Promise<Storage> {
  const env = resolveEnvironment(options, where)
  if (options.s3 !== undefined) {
    const { parseS3Options } = await import('./s3/connect/s3-options.js')
    parseS3Options(options.s3, where)
  }
  const given = options.objects
  if (given !== undefined && options.s3 !== undefined && isS3Store(given)) {
    throw invalidOption(
      where,
      's3 and an S3 store in objects were both given; give the connection to the store, or leave objects out',
    )
  }
  const store = given ?? (await openObjectStore(url, { s3: options.s3, env }))
  const close = closeOnce(async () => {
    if (given === undefined) await store.close?.()
  })
  const requests = new StoreCounters()
  const objects = observedStore(store, requests)
  if (!isS3Store(objects)) {
    const reachable = Promise.resolve()
    const environment = await foreignEnvironment(url, options.s3, env, where)
    return { objects, requests, reachable, close, engineEnvironment: environment }
  }
  const limits = { timeoutMs: options.openTimeoutMs, signal: options.signal }
  const reachable = objects.preflight(url, limits)
  // The error surfaces when a caller awaits it.
  reachable.catch(() => {})
  return {
    objects,
    requests,
    reachable,
    close,
    engineEnvironment: async (shard) => {
      await objects.preflight(shard, limits)
      // The connection of an own store already contains its variables.
      return { ...(await objects.engineEnvironment(shard)), ...(given !== undefined && env) }
    },
  }
}

/**
 * Waits for work on storage, and rejects as soon as the check finds that storage cannot be reached.
 *
 * Engines and stores retry for a long time where one small request shows the problem. A result that
 * arrives too late is passed to `onLate` to be released.
 */
export async function whileReachable<T>(
  storage: Storage,
  work: Promise<T>,
  onLate: (result: T) => void = () => {},
): Promise<T> {
  try {
    return await Promise.race([work, storage.reachable.then(() => work)])
  } catch (error) {
    work.then(onLate, () => {})
    if (isShardyfusionError(error) && error.code === 'SHARD_STORE') await storage.reachable
    throw error
  }
}

/**
 * Returns the environment for other kinds of stores: `env` unchanged, plus, for `s3://` URLs, the
 * connection that `s3` describes.
 */
async function foreignEnvironment(
  url: string,
  s3: S3Options | undefined,
  env: Environment | undefined,
  where: string,
): Promise<Storage['engineEnvironment']> {
  if (schemeOf(url) !== 's3' || s3 === undefined) return () => Promise.resolve(env)
  const [{ resolveS3Connection }, { engineEnvironment }] = await Promise.all([
    import('./s3/connect/s3-connection.js'),
    import('./s3/connect/s3-environment.js'),
  ])
  const connection = resolveS3Connection({ s3, env }, where)
  return async (shard) => {
    const bucket = parseS3Url(shard).bucket
    const keys = await connection.credentials.fresh()
    return engineEnvironment(connection, bucket, connection.region, keys)
  }
}

/**
 * Detects the store by its methods: importing the class would load the S3 client for every caller.
 */
function isS3Store(objects: ObjectStore): objects is S3Store {
  return objects.scheme === 's3' && 'engineEnvironment' in objects && 'preflight' in objects
}
