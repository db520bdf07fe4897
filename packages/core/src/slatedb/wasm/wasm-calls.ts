import { wasmError } from './wasm-error.js'

/** Calls of one writer: one that has failed keeps failing, with the first error. */
export class WasmCalls {
  readonly #url: string
  #failure: { readonly error: unknown } | undefined

  constructor(url: string) {
    this.#url = url
  }

  /** Throws the error of an earlier call. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Calls the engine, and converts its error. */
  async run<T>(what: string, call: () => PromiseLike<T> | T): Promise<T> {
    this.check()
    try {
      return await call()
    } catch (cause) {
      const error = wasmError(cause, `wasm engine: ${what}`, this.#url)
      this.#failure = { error }
      throw error
    }
  }
}
