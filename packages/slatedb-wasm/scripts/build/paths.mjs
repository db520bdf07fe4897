import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PACKAGE = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const RUST_DIR = join(PACKAGE, 'rust')
export const VENDOR = join(RUST_DIR, 'vendor')
export const PATCHES = join(PACKAGE, 'patches')
export const WASM_DIR = join(PACKAGE, 'wasm')
export const TARGET_DIR = process.env['CARGO_TARGET_DIR'] ?? join(RUST_DIR, 'target')
export const CARGO_HOME = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo')
