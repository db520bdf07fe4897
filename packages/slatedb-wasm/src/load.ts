import { loadEngine } from './instance.js'
import type { WasmSource } from './wasm-source.js'

/**
 * Compiles and starts the engine. Opening a reader or writer calls this.
 *
 * Call it first, with the module, if `slatedb.wasm` is not in this package's folder: bundles and edge
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
