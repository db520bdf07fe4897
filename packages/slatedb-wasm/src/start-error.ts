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

const HELP =
  "in a bundle of one file import 'slatedb-wasm/inline' first (or '@shardyfusion/core/inline'), elsewhere serve the " +
  'file there or pass it to loadSlateDb'
/** The first bytes of every module. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d]

/** The error of an engine whose module is not where this package has it; `undefined`: this code has no URL. */
export function moduleMissing(url: string | undefined, cause: Error): SlateDbError {
  const problem =
    url === undefined
      ? 'slatedb.wasm cannot be located, because import.meta.url is empty (a CommonJS bundle)'
      : `slatedb.wasm is not at ${url} (${cause.message})`
  return new SlateDbError('Unsupported', `the engine could not be started: ${problem}; ${HELP}`, {
    cause,
  })
}

/** The error for bytes that are not WebAssembly, such as the page that a server sends for unknown paths. */
export function notModule(bytes: BufferSource): SlateDbError | undefined {
  const start = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 24))
    : new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 24))
  if (MAGIC.every((byte, i) => start[i] === byte)) return undefined
  const text = JSON.stringify(new TextDecoder().decode(start))
  const problem = `expected slatedb.wasm, got bytes that are not WebAssembly and start with ${text}`
  return new SlateDbError('Unsupported', `the engine could not be started: ${problem}; ${HELP}`)
}
