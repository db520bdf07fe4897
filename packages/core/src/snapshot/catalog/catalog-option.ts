import * as v from 'valibot'
import type { Catalog } from './catalog.js'

/** Options of every class that reads or writes manifests, pointer or run records. */
export interface CatalogOption {
  /** The catalog of manifests, pointer and run records; by default objects below the prefix. */
  catalog?: Catalog | undefined
}

export const catalogEntries = {
  // Checked in full when it is opened.
  catalog: v.optional(
    v.custom<Catalog>(
      (value) =>
        typeof (value as Partial<Catalog> | null)?.manifests?.loadCurrent === 'function' &&
        typeof (value as Partial<Catalog>).runs?.create === 'function',
      'must be a catalog, with manifests and runs',
    ),
  ),
}
