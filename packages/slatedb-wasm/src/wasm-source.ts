// Written without the names of browsers' types, which not every program that uses this package has.

/** What has bytes to give, such as a `Response`. */
export interface BytesSource {
  arrayBuffer(): Promise<ArrayBuffer>
}

/** What the engine can be made from: bytes, a compiled `WebAssembly.Module` (an `object`), or a `Response`. */
export type WasmSource = ArrayBuffer | ArrayBufferView | BytesSource | Promise<BytesSource> | object
