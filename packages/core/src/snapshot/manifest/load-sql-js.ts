import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { SqlJsStatic as Sqlite } from 'sql.js'
import { webAssembly } from '../../async/web-assembly.js'

export type { Database, SqlJsStatic as Sqlite, Statement } from 'sql.js'

/** WebAssembly memory never shrinks, so an instance that held a larger image is let go. */
export const MAX_KEPT_IMAGE_BYTES = 16 * 1024 * 1024

type Started = (instance: object, module: object) => void

let compiled: object | undefined

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
  const { compile, instantiate } = webAssembly()
  compiled ??= await compile(await readFile(join(dirname(path), 'sql-wasm.wasm')))
  const module = compiled
  const theirs = require.cache[path]
  delete require.cache[path]
  try {
    const init = require('sql.js') as (config: object) => Promise<Sqlite>
    // Where it is to start the module itself and cannot, sql.js leaves a rejected promise behind, which ends the process.
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
