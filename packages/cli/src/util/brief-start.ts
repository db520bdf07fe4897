import { setFlagsFromString } from 'node:v8'

/** The amount of WebAssembly that runs before V8 recompiles it with optimizations. One lookup needs less. */
const TIERING_BUDGET = 200_000_000

/**
 * Delays optimized compilation in V8, because this process ends soon. Otherwise Node 20 spends a third of the CPU time
 * of a lookup on it (measured 0.68 s instead of 0.50 s). Later versions of Node delay it by default.
 */
export function expectBriefRun(): void {
  if (process.versions.node.startsWith('20.'))
    setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`)
}
