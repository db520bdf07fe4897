import { engineError, invalidOption } from '../errors/error-factories.js'
import { isShardyfusionError } from '../errors.js'
import { describeValue } from '../options/describe-value.js'
import type { Manifest } from '../snapshot/manifest/manifest.js'
import type { ObjectStore } from '../store/object-store.js'
import { detectFormat } from './detect-format.js'
import type { ShardEngine } from './engine.js'

/**
 * Refuses an engine that the caller chose for a snapshot of another format, if the manifest records
 * the format. Errors: SHARD_INVALID_OPTION.
 */
export function requireFormat(
  engine: ShardEngine,
  { shardFormat, runId }: Manifest,
  where: string,
): ShardEngine {
  if (shardFormat === undefined || shardFormat === engine.format || holdsKeys(engine, shardFormat))
    return engine
  throw invalidOption(
    where,
    `engine: "${engine.name}" reads shards of format "${engine.format}", but those of run ${describeValue(runId)} ` +
      `have the format ${describeValue(shardFormat)}; omit engine, or pass one for that format`,
    { details: { engine: engine.name, format: shardFormat } },
  )
}

/** A file of keys and vectors has the same table of keys. */
function holdsKeys({ format }: ShardEngine, shardFormat: string): boolean {
  return format === 'sqlite' && shardFormat === 'sqlite-vec'
}

/** Names the format of a shard that an engine did not find, if it is one of another format. */
export async function explainMissing(
  error: unknown,
  { name, format }: ShardEngine,
  objects: ObjectStore,
  url: string,
  where: string,
): Promise<unknown> {
  if (!isShardyfusionError(error) || error.code !== 'SHARD_NOT_FOUND') return error
  const found = await detectFormat(objects, url).catch(() => undefined)
  if (found === undefined || found === format) return error
  return engineError(
    where,
    `the shard ${url} has the format "${found}", but the engine "${name}" reads "${format}"; omit engine, or pass ` +
      `one for that format`,
    { cause: error, details: { url, format: found, engine: name } },
  )
}
