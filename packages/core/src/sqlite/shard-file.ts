import { invalidOption } from '../errors/error-factories.js'
import type { ObjectStore } from '../store/object-store.js'

/** The one object of a shard, by its path below the URL of the shard (wire-format §14.1). */
export const SHARD_FILE = 'shard.db'

/** The table of keys and values in it. */
export const TABLE = 'kv'

export const CREATE_TABLE = `CREATE TABLE ${TABLE} (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID`

export function shardFileUrl(shardUrl: string): string {
  return `${shardUrl}/${SHARD_FILE}`
}

/** Errors: SHARD_INVALID_OPTION without a store. */
export function requireObjects(
  objects: ObjectStore | undefined,
  url: string,
  where: string,
): ObjectStore {
  if (objects !== undefined) return objects
  throw invalidOption(where, `objects is required: a store that serves ${url}`)
}
