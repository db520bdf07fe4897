import type { Reader } from '../wasm/slatedb.js'
import type { Instance } from './instance.js'

/**
 * Gives the engine that has the database of a `SlateDbReader` open, for the classes of this package.
 *
 * A member of the reader would put these types into the declarations. Errors: SlateDbError of kind
 * Closed, for the call named.
 */
export const engineOf = new WeakMap<
  object,
  (call: string) => Instance & { readonly reader: Reader }
>()
