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
let compiled: WebAssembly.Module | undefined
let restarts = 0

/**
 * Compiles and starts the engine; opening a reader or writer does so by itself.
 *
 * Call it first where `slatedb.wasm` is not to be had beside this module: bundles and edge runtimes. An engine that has
 * trapped is replaced by a new one; what was open on the old one stays broken.
 */
export async function loadEngine(source?: WasmSource): Promise<Instance> {
  for (;;) {
    const attempt = (starting ??= start(source))
    try {
      const instance = await attempt
      if (!instance.host.isStopped) return instance
    } catch (error) {
      if (starting === attempt) starting = undefined // A later try may have better luck.
      throw error
    }
    // Of those who find it stopped, the first replaces it.
    if (starting === attempt) {
      starting = undefined
      restarts++
    }
  }
}

async function start(source: WasmSource | undefined): Promise<Instance> {
  compiled ??= await compile(source ?? (await ownModule()))
  const module = restarts === 0 ? wasm : await freshBindings()
  module.initSync({ module: compiled })
  const host = new Host(module)
  module.install(host)
  return { host, module }
}

/** The bindings keep their instance in module scope, so that a new instance takes a new copy of them. */
async function freshBindings(): Promise<typeof wasm> {
  const url = new URL('../wasm/slatedb.js', import.meta.url)
  url.searchParams.set('restart', String(restarts))
  return (await import(url.href)) as typeof wasm
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
