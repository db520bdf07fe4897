import type { Catalog, ObjectStore, ShardEngine } from '@shardyfusion/core/extend'
import {
  catalogFromOrigin,
  engineFromOrigin,
  registerEngine,
  storeFromOrigin,
} from '@shardyfusion/core/extend'
import { resolveEngine } from '@shardyfusion/core/internal'
import type { LoadedOptions, WireOptions } from '../protocol/wire-options.js'

/** Options with the parts their origins describe, made in this thread. */
export interface LoadedParts<O> {
  readonly options: LoadedOptions<O>
  /** Releases the parts that were made; idempotent. */
  close(): Promise<void>
}

/** Makes engine, store and catalog as the caller has them. Errors: SHARD_INVALID_OPTION. */
export async function loadParts<O>(
  options: WireOptions<O>,
  where: string,
): Promise<LoadedParts<O>> {
  const { engine, objects, catalog, engines = [], ...rest } = options
  const parts: { engine?: ShardEngine; objects?: ObjectStore; catalog?: Catalog } = {}
  const close = async (): Promise<void> => {
    await parts.catalog?.close?.()
    await parts.objects?.close?.()
  }
  try {
    for (const [format, origin] of engines) registerEngine(format, origin)
    if (typeof engine === 'object') parts.engine = await engineFromOrigin(engine, where)
    else if (engine !== undefined) parts.engine = await resolveEngine(engine, where)
    if (objects !== undefined) parts.objects = await storeFromOrigin(objects, where)
    if (catalog !== undefined) parts.catalog = await catalogFromOrigin(catalog, where)
    return { options: { ...rest, ...parts } as LoadedOptions<O>, close }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}
