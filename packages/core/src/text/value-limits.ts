/** Longest value that SlateDB's format can hold, in bytes. */
export const MAX_STORED_VALUE_BYTES = 0xffff_ffff

/** Longest value that readers read by default, and that the WebAssembly engine writes, in bytes. */
export const MAX_VALUE_BYTES = 256 * 1024 * 1024
