import { moduleMissing } from './start-error.js'
import type { WasmSource } from './wasm-source.js'

/** Loads `slatedb.wasm` of this package in browsers. */
export async function ownModule(): Promise<WasmSource> {
  // In this form, bundlers recognize a file to copy.
  const url = new URL('../wasm/slatedb.wasm', import.meta.url)
  let response: Response
  try {
    response = await fetch(url)
  } catch (error) {
    throw moduleMissing(url.href, error as Error)
  }
  if (!response.ok) throw moduleMissing(url.href, new Error(`status ${response.status}`))
  return response
}
