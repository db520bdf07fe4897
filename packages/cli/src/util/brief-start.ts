/** The amount of WebAssembly that runs before V8 recompiles it with optimizations. One lookup needs less. */
const TIERING_BUDGET = 200_000_000

/**
 * Saves work in V8 that does not pay in a process that ends soon. The functions of WebAssembly are validated at
 * their first call: a lookup calls few of them (20 ms). In Node 20, optimized compilation is delayed; it took a third
 * of the CPU time of a lookup, and later versions delay it by default.
 */
export function expectBriefRun(): void {
  // Not imported, which would load the streams of Node for commands such as --help.
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  setFlagsFromString('--wasm-lazy-validation')
  if (process.versions.node.startsWith('20.'))
    setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`)
}
