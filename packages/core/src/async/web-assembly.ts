import { isError } from '../errors/is-error.js'
// Declared without the browser types, which many programs that use this package do not include.
interface WebAssemblyApi {
  readonly Memory: new (descriptor: { initial: number }) => object
  compile(bytes: Uint8Array): Promise<object>
  instantiate(module: object, imports: object): Promise<object>
}

const NO_MEMORY = /out of memory|could not allocate|cannot allocate/i

/** Returns the WebAssembly object of this process. Errors: ReferenceError if it does not exist. */
export function webAssembly(): WebAssemblyApi {
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyApi }
  if (WebAssembly !== undefined) return WebAssembly
  throw new ReferenceError(
    'this process has no WebAssembly; run node without --jitless, or allow it in the security policy',
  )
}

/**
 * Fails if memory of that many pages (64 KiB) cannot be allocated; the memory is garbage
 * afterwards.
 */
export function tryMemory(pages: number): object {
  const { Memory } = webAssembly()
  return new Memory({ initial: pages })
}

/** Returns a remedy if a module could not start for lack of address space; otherwise nothing. */
export function startRemedy(cause: unknown): string | undefined {
  if (!isError(cause) || !NO_MEMORY.test(cause.message)) return undefined
  return (
    'the virtual memory of this process is limited (ulimit -v): raise the limit, or run node with ' +
    '--disable-wasm-trap-handler, which reserves less of the address space'
  )
}
