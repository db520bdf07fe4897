import { createRequire } from 'node:module'
import type { SqlJsStatic as Sqlite } from 'sql.js'

export type { Database, SqlJsStatic as Sqlite, Statement } from 'sql.js'

/** WebAssembly memory never shrinks, so an instance that held a larger image is let go. */
export const MAX_KEPT_IMAGE_BYTES = 16 * 1024 * 1024

export const WHERE_THE_WASM_IS = 'check that sql.js is installed with its .wasm file'

/**
 * A fresh instance of SQLite.
 *
 * Of a module of our own each time: sql.js gives all callers of one module the same instance, so this is
 * the only way to a fresh one, and the application's own sql.js is not drawn into our failures.
 */
export async function loadSqlJs(config: object): Promise<Sqlite> {
  const require = createRequire(import.meta.url)
  const path = require.resolve('sql.js')
  const theirs = require.cache[path]
  delete require.cache[path]
  try {
    const init = require('sql.js') as (config: object) => Promise<Sqlite>
    return await init(config)
  } finally {
    if (theirs === undefined) delete require.cache[path]
    else require.cache[path] = theirs
  }
}
