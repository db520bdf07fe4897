import * as wasm from '../wasm/slatedb.js'
import type * as Fs from 'node:fs/promises'
import { Host } from './host.js'
import type { BytesSource, WasmSource } from './wasm-source.js'

/** The engine of this process or worker: a module has one, with one memory and one cache. */
export interface Instance {
  readonly host: Host
  readonly module: typeof wasm
}

let starting: Promise<Instance> | undefined

/**
 * Compiles and starts the engine; opening a reader or writer does so by itself.
 *
 * Call it first where `slatedb.wasm` is not to be had beside this module: bundles and edge runtimes.
 */
export function loadEngine(source?: WasmSource): Promise<Instance> {
  starting ??= start(source).catch((error: unknown) => {
    starting = undefined // A later try may have better luck.
    throw error
  })
  return starting
}

async function start(source: WasmSource | undefined): Promise<Instance> {
  wasm.initSync({ module: await compile(source ?? (await ownModule())) })
  const host = new Host()
  wasm.install(host)
  return { host, module: wasm }
}

async function compile(source: WasmSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return WebAssembly.compile(source as BufferSource)
  }
  const { arrayBuffer } = ((await source) ?? {}) as Partial<BytesSource>
  if (arrayBuffer === undefined) {
    throw new TypeError('loadSlateDb: expected bytes, a WebAssembly.Module or a Response')
  }
  return WebAssembly.compile(await arrayBuffer.call(await source))
}

async function ownModule(): Promise<BufferSource | Response> {
  const url = new URL('../wasm/slatedb.wasm', import.meta.url)
  if (url.protocol !== 'file:') return fetch(url)
  // Computed, so that bundlers for browsers leave it alone.
  const fs = 'node:fs/promises'
  const { readFile } = (await import(fs)) as typeof Fs
  return readFile(url)
}
