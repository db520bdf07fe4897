import { invalidOption } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import { delegate } from '../async/delegate.js'
import { makeFromOrigin, type Origin, type OwnExports, parseOrigin } from '../async/origin.js'
import type { ObjectStore } from './object-store.js'

const OWN_STORES: OwnExports = {
  FileStore: async () => {
    const { FileStore } = await import('#node/store/file/file-store')
    return new FileStore()
  },
}

/**
 * Returns the origin of a store, for another thread or process that needs it.
 *
 * Errors: SHARD_INVALID_OPTION for a store without one; `need` ends the message and says why the
 * origin is needed and what to do.
 */
export function requireStoreOrigin(objects: ObjectStore, need: string, where: string): Origin {
  if (objects.origin !== undefined) return parseOrigin(objects.origin, `${where}: objects`)
  throw invalidOption(
    where,
    'objects must have an origin, { module, export, options }, by which another thread or process makes the ' +
      `same store, but this store has none; ${need}${objects.scheme === 's3' ? ' (for S3, give s3 in place of objects)' : ''}`,
  )
}

/**
 * Makes the store that an origin describes. The store gets this origin if it does not set one.
 *
 * Errors: SHARD_INVALID_OPTION if the module cannot be loaded, or does not make a store.
 */
export async function storeFromOrigin(origin: Origin, where: string): Promise<ObjectStore> {
  const at = `${where}: objects`
  const parsed = parseOrigin(origin, at)
  const made = await makeFromOrigin(parsed, OWN_STORES, at)
  if (!isObjectStore(made)) {
    throw invalidOption(
      at,
      `${parsed.module} must make an object store, got ${describeValue(made)}`,
    )
  }
  return made.origin === undefined ? delegate(made, { origin: parsed }) : made
}

function isObjectStore(value: unknown): value is ObjectStore {
  return typeof (value as ObjectStore | null)?.listPrefixes === 'function'
}
