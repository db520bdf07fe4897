import type { ObjectCallOptions, ObjectStore } from '../store/object-store.js'
import { SHARD_FILE, shardFileUrl } from '../sqlite/shard-file.js'

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
