import { isShardyfusionError } from '../errors.js'
import { engineError } from '../errors/error-factories.js'
import type { ObjectCallOptions, ObjectStore } from '../store/object-store.js'
import { SHARD_FILE, shardFileUrl } from '../sqlite/shard-file.js'
import type { ShardEngine } from './engine.js'

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
