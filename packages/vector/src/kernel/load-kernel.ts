import { RELAXED_SIMD_KERNEL, SIMD_KERNEL } from './kernel-bytes.js'
import { JsKernel } from './js-kernel.js'
import type { Kernel } from './kernel.js'
import { WasmKernel } from './wasm-kernel.js'

let loading: Promise<Kernel> | undefined

/** The kernel of this thread: the fastest that runs here. All readers share it, and its memory. */
export function loadKernel(): Promise<Kernel> {
  loading ??= fastest()
  return loading
}

async function fastest(): Promise<Kernel> {
  const made =
    (await makeKernel('relaxed-simd').catch(() => undefined)) ??
    (await makeKernel('simd').catch(() => undefined))
  if (made !== undefined) return made
  warnOnce()
  return new JsKernel()
}

/** Makes a kernel of a certain kind. Errors: those of WebAssembly if the kind does not run here. */
export async function makeKernel(kind: Kernel['kind']): Promise<Kernel> {
  if (kind === 'javascript') return new JsKernel()
  const text = kind === 'simd' ? SIMD_KERNEL : RELAXED_SIMD_KERNEL
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  const { instance } = await WebAssembly.instantiate(bytes)
  return new WasmKernel(instance, kind)
}

function warnOnce(): void {
  const message =
    'WebAssembly with SIMD does not run here, so vector search uses plain JavaScript, which is 7 to 9 times slower'
  const { process: node } = globalThis as { process?: { emitWarning?: (text: string) => void } }
  if (node?.emitWarning === undefined) console.warn(`shardyfusion: ${message}`)
  else node.emitWarning(`shardyfusion: ${message}`)
}
