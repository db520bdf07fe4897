// Runtimes and bundlers that import WebAssembly make a `WebAssembly.Module` of the file.
declare module '*.wasm' {
  const module: object
  export default module
}
