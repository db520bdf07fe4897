import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { SqlJsStatic as Sqlite } from 'sql.js'
import { webAssembly } from '../../async/web-assembly.js'

export type { Database, SqlJsStatic as Sqlite, Statement } from 'sql.js'

/** WebAssembly memory never shrinks, so an instance that held a larger image is dropped. */
export const MAX_REUSED_IMAGE_BYTES = 16 * 1024 * 1024

type Started = (instance: object, module: object) => void

let compiled: object | undefined

export const WHERE_THE_WASM_IS = 'check that sql.js is installed with its .wasm file'

/**
 * Loads a fresh instance of SQLite.
 *
 * Each call evaluates its own copy of the module: sql.js shares one instance among all callers of
 * one module, so only this gives a fresh one, and our failures do not affect the application's
 * sql.js.
 */
export async function loadSqlJs(config: object): Promise<Sqlite> {
  const require = createRequire(import.meta.url)
  const path = require.resolve('sql.js')
  const { compile, instantiate } = webAssembly()
  compiled ??= await compile(await readFile(join(dirname(path), 'sql-wasm.wasm')))
  const module = compiled
  const theirs = require.cache[path]
  delete require.cache[path]
  try {
    const init = require('sql.js') as (config: object) => Promise<Sqlite>
    // If sql.js starts the module itself and fails, it leaves an unhandled rejection, which ends
    // the process.
    return await new Promise<Sqlite>((resolve, reject) => {
      const instantiateWasm = (imports: object, started: Started): object => {
        instantiate(module, imports).then((instance) => started(instance, module), reject)
        return {}
      }
      init({ ...config, instantiateWasm }).then(resolve, reject)
    })
  } finally {
    if (theirs === undefined) delete require.cache[path]
    else require.cache[path] = theirs
  }
}
