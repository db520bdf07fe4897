import initSqlJs, { type SqlJsStatic as Sqlite } from 'sql.js'
import { tryMemory } from '../../async/web-assembly.js'

/** What sql.js starts with. */
const LEAST_PAGES = 256

/** No bound: there is no way to a fresh instance here. */
export const MAX_KEPT_IMAGE_BYTES = Infinity

export const WHERE_THE_WASM_IS =
  'serve sql-wasm-browser.wasm of the package sql.js from the folder of this script'

/**
 * SQLite, its .wasm fetched from beside this module or the bundle it has become part of.
 *
 * sql.js gives all callers the same instance, so a broken one stays broken until the page is loaded anew.
 */
export async function loadSqlJs(config: object): Promise<Sqlite> {
  // Where this fails, sql.js would leave a rejected promise behind, which nothing can catch.
  tryMemory(LEAST_PAGES)
  return initSqlJs({ ...config, locateFile: (file) => new URL(file, import.meta.url).href })
}
