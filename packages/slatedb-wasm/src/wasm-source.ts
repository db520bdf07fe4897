// Written without the names of browsers' types, which not every program that uses this package has.

/** A source of bytes, such as a `Response`. */
export interface BytesSource {
  /** All bytes. */
  arrayBuffer(): Promise<ArrayBuffer>
}

/** The sources of the engine: bytes, a compiled `WebAssembly.Module` (an `object`), or a `Response`. */
export type WasmSource = ArrayBuffer | ArrayBufferView | BytesSource | Promise<BytesSource> | object
