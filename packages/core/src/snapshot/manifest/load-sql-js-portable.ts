import initSqlJs, { type SqlJsStatic as Sqlite } from 'sql.js'
import { tryMemory } from '../../async/web-assembly.js'

/** Initial memory of sql.js, in pages. */
const LEAST_PAGES = 256

/** Unbounded: a fresh instance cannot be made here. */
export const MAX_REUSED_IMAGE_BYTES = Infinity

export const WHERE_THE_WASM_IS =
  'serve sql-wasm-browser.wasm of the package sql.js from the folder of this script'

/**
 * Loads SQLite; fetches its .wasm next to this module, or next to the bundle that contains it.
 *
 * sql.js shares one instance among all callers, so a broken one stays broken until the page is
 * reloaded.
 */
export async function loadSqlJs(config: object): Promise<Sqlite> {
  // If this failed inside sql.js, it would leave an unhandled rejection.
  tryMemory(LEAST_PAGES)
  return initSqlJs({ ...config, locateFile: (file) => new URL(file, import.meta.url).href })
}
