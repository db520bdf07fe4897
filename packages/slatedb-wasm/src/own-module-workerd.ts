import module from '../wasm/slatedb.wasm'
import type { WasmSource } from './wasm-source.js'

/** Gives `slatedb.wasm` of this package on Cloudflare Workers, where only imports yield modules. */
export function ownModule(): Promise<WasmSource> {
  return Promise.resolve(module)
}
