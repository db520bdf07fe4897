import { setFlagsFromString } from 'node:v8'

/** So much WebAssembly may run before it is compiled a second time, better: more than one lookup runs. */
const TIERING_BUDGET = 200_000_000

/**
 * Tells V8 that this process will be over soon: Node 20 otherwise spends a third of the processor time of a lookup on
 * compiling for a future that does not come (0.68 s instead of 0.50 s measured; later lines wait longer by themselves).
 */
export function expectBriefRun(): void {
  if (process.versions.node.startsWith('20.'))
    setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`)
}
