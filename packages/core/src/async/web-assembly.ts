// Written without the names of browsers' types, which not every program that uses this package has.
interface WebAssemblyApi {
  readonly Memory: new (descriptor: { initial: number }) => object
  compile(bytes: Uint8Array): Promise<object>
  instantiate(module: object, imports: object): Promise<object>
}

const NO_MEMORY = /out of memory|could not allocate|cannot allocate/i

/** WebAssembly of this process. Errors: ReferenceError where there is none. */
export function webAssembly(): WebAssemblyApi {
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyApi }
  if (WebAssembly !== undefined) return WebAssembly
  throw new ReferenceError(
    'there is no WebAssembly in this process; run node without --jitless, or allow it in the security policy',
  )
}

/** Fails where memory of that many pages (64 KiB) cannot be had; the memory is collected. */
export function tryMemory(pages: number): object {
  const { Memory } = webAssembly()
  return new Memory({ initial: pages })
}

/** A remedy where a module could not be started for want of address space; else nothing. */
export function startRemedy(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !NO_MEMORY.test(cause.message)) return undefined
  return (
    'the virtual memory of this process is limited (ulimit -v): raise the limit, or run node with ' +
    '--disable-wasm-trap-handler, which reserves less of the address space'
  )
}
