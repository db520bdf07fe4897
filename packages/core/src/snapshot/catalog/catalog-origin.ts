import { invalidOption } from '../../errors/error-factories.js'
import { delegate } from '../../async/delegate.js'
import { makeFromOrigin, type Origin, type OwnExports, parseOrigin } from '../../async/origin.js'
import { type Catalog, requireCatalog } from './catalog.js'
import type { ObjectCatalogOptions } from './object-catalog.js'

const OWN_CATALOGS: OwnExports = {
  objectCatalog: async (options) => {
    const { objectCatalog } = await import('./object-catalog.js')
    return objectCatalog(options as ObjectCatalogOptions)
  },
}

/**
 * Returns the origin of a catalog, for another thread or process that needs it.
 *
 * Errors: SHARD_INVALID_OPTION for a catalog without one; `need` ends the message and says why the
 * origin is needed and what to do.
 */
export function requireCatalogOrigin(catalog: Catalog, need: string, where: string): Origin {
  if (catalog.origin !== undefined) return parseOrigin(catalog.origin, `${where}: catalog`)
  throw invalidOption(
    where,
    'catalog must have an origin, { module, export, options }, by which another thread or process makes the ' +
      `same catalog, but this catalog has none; ${need}`,
  )
}

/**
 * Makes the catalog that an origin describes. The catalog gets this origin if it does not set one.
 *
 * Errors: SHARD_INVALID_OPTION if the module cannot be loaded, or does not make a catalog.
 */
export async function catalogFromOrigin(origin: Origin, where: string): Promise<Catalog> {
  const at = `${where}: catalog`
  const parsed = parseOrigin(origin, at)
  const made = await makeFromOrigin(parsed, OWN_CATALOGS, at)
  const catalog = requireCatalog(made, at)
  return catalog.origin === undefined ? delegate(catalog, { origin: parsed }) : catalog
}
