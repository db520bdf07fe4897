import { SlateDbError } from './error.js'

const NO_MEMORY = /out of memory|could not allocate|cannot allocate/i

/** The error of an engine that cannot be started, with the reason and a remedy; `undefined`: there is no WebAssembly. */
export function startError(cause: Error | undefined): SlateDbError {
  const problem =
    cause === undefined
      ? 'this process has no WebAssembly; run node without --jitless, or allow it in the security policy'
      : `${cause.message}${remedy(cause)}`
  return new SlateDbError('Unsupported', `the engine could not be started: ${problem}`, { cause })
}

function remedy({ message }: Error): string {
  if (!NO_MEMORY.test(message)) return ''
  return (
    '; the virtual memory of this process is limited (ulimit -v): raise the limit, or run node with ' +
    '--disable-wasm-trap-handler, which reserves less of the address space'
  )
}
