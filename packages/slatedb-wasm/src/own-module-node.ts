import { readFile } from 'node:fs/promises'
import { moduleMissing } from './start-error.js'
import type { WasmSource } from './wasm-source.js'

/** Loads `slatedb.wasm` of this package in Node, Bun and Deno. */
export async function ownModule(): Promise<WasmSource> {
  let url: URL | undefined
  try {
    // In this form, bundlers recognize a file to copy. In a CommonJS bundle, `import.meta.url` is undefined.
    url = new URL('../wasm/slatedb.wasm', import.meta.url)
    return url.protocol === 'file:' ? await readFile(url) : await fetch(url)
  } catch (error) {
    throw moduleMissing(url?.href, error as Error)
  }
}
