import type { WasmSource } from 'slatedb-wasm'
import { invalidOption } from '../../errors/error-factories.js'
import { loadPackage } from './load-package.js'
import { wasmError } from './wasm-error.js'

export type { BytesSource, WasmSource } from 'slatedb-wasm'

/**
 * Compiles and starts the default engine from a module that the program brings.
 *
 * Call it before the first reader or writer opens, where `slatedb.wasm` cannot be found. Shape:
 * bytes, a `WebAssembly.Module`, or a `Response` or its promise; without one it takes the module of
 * the package `slatedb-wasm`. Errors: SHARD_ENGINE if the engine cannot be started, SHARD_INVALID_OPTION
 * for another source.
 */
export async function loadSlateDb(source?: WasmSource): Promise<void> {
  const { loadSlateDb: load } = await loadPackage()
  try {
    await load(source)
  } catch (error) {
    const { kind, message } = error as { kind?: unknown; message: string }
    if (kind === 'Invalid') throw invalidOption('loadSlateDb', message, { cause: error })
    throw wasmError(error, 'loadSlateDb', '')
  }
}
