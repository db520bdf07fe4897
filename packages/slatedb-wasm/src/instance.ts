import { createBindings, type Bindings } from '../wasm/slatedb.js'
import { ownModule } from '#own-module'
import { invalid } from './check-options.js'
import { Host } from './host.js'
import { notModule, startError } from './start-error.js'
import type { BytesSource, WasmSource } from './wasm-source.js'

/** The engine of this process or worker, with one memory and one cache. */
export interface Instance {
  readonly host: Host
  readonly module: Bindings
}

let starting: Promise<Instance> | undefined
let compiled: WebAssembly.Module | undefined
let inlined: (() => Promise<WasmSource>) | undefined

/**
 * Compiles and starts the engine; opening a reader or writer calls this.
 *
 * Call it first, with the module, where `slatedb.wasm` cannot be found. An engine that has
 * trapped is let go and replaced by a new one; readers and writers opened on the old one stay broken.
 * Errors: `SlateDbError` of kind Unsupported, with the reason, when it cannot be started.
 */
export async function loadEngine(source?: WasmSource): Promise<Instance> {
  const attempt = (starting ??= start(source, () => forget(attempt)))
  try {
    return await attempt
  } catch (error) {
    forget(attempt) // A later try may have better luck.
    throw error
  }
}

function forget(attempt: Promise<Instance>): void {
  if (starting === attempt) starting = undefined
}

/** Sets where the module comes from if it is not passed: the entry `slatedb-wasm/inline` calls this. */
export function useInlined(load: () => Promise<WasmSource>): void {
  inlined = load
}

async function start(source: WasmSource | undefined, onStop: () => void): Promise<Instance> {
  compiled ??= await compile(source ?? (await (inlined ?? ownModule)()))
  // An instance and its bindings are freed together, so each engine gets new bindings.
  const module = createBindings()
  try {
    module.initSync({ module: compiled })
  } catch (error) {
    throw startError(error as Error)
  }
  const host = new Host(module, onStop)
  module.install(host)
  return { host, module }
}

async function compile(source: WasmSource): Promise<WebAssembly.Module> {
  if (typeof WebAssembly === 'undefined') throw startError(undefined)
  if (hasTag(source, 'WebAssembly.Module')) return source as WebAssembly.Module
  if (hasTag(source, 'ArrayBuffer') || ArrayBuffer.isView(source)) {
    return compileBytes(source as BufferSource)
  }
  const { arrayBuffer } = ((await source) ?? {}) as Partial<BytesSource>
  if (arrayBuffer === undefined) {
    throw invalid('loadSlateDb: expected bytes, a WebAssembly.Module or a Response')
  }
  return compileBytes(await arrayBuffer.call(await source))
}

async function compileBytes(bytes: BufferSource): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes)
  } catch (error) {
    throw notModule(bytes) ?? startError(error as Error)
  }
}

/** Compares the names of classes, because those of another realm count too. */
function hasTag(source: unknown, tag: string): boolean {
  return Object.prototype.toString.call(source) === `[object ${tag}]`
}
