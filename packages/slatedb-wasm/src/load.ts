import { loadEngine } from './instance.js'
import type { WasmSource } from './wasm-source.js'

/**
 * Compiles and starts the engine, which opening a reader or writer does by itself.
 *
 * Call it first, with the module, where `slatedb.wasm` does not lie beside this package's code: bundles and edge
 * runtimes.
 */
export async function loadSlateDb(source?: WasmSource): Promise<void> {
  await loadEngine(source)
}

/** Version of SlateDB in this package, such as `0.15.0`. */
export async function slateDbVersion(): Promise<string> {
  const { module } = await loadEngine()
  return module.slatedbVersion()
}
