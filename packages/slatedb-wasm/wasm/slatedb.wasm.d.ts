// Written by hand: what runtimes and bundlers that import WebAssembly make of slatedb.wasm, a `WebAssembly.Module`.
declare const module: object
export default module
