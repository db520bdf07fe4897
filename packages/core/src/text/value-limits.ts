/** Maximum value of SlateDB's format, in bytes. */
export const MAX_STORED_VALUE_BYTES = 0xffff_ffff

/**
 * Default maximum value that readers read, and maximum that the WebAssembly engine writes, in
 * bytes.
 */
export const MAX_VALUE_BYTES = 256 * 1024 * 1024
