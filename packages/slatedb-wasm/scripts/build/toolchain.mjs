import { existsSync } from 'node:fs'
import { fail, probe, run } from './run.mjs'

export const RUST = '1.95.0'
export const TARGET = 'wasm32-unknown-unknown'

/** Whether Rust is here, or rustup to install it. */
export function hasToolchain() {
  return probe('rustup', ['--version']) !== undefined || probe('rustc', ['--version']) !== undefined
}

/** Makes cargo and rustc those of the release recorded, with the target; rustup installs what is missing. */
export function useToolchain() {
  if (probe('rustup', ['--version']) === undefined) return requireInstalled()
  // Of no effect where all of it is there. Whatever toolchain is the default, commands below use this one.
  process.env['RUSTUP_TOOLCHAIN'] = RUST
  const installed = probe('rustup', ['target', 'list', '--toolchain', RUST, '--installed'])
  if (installed?.split('\n').includes(TARGET)) return
  console.log(`installing Rust ${RUST} for ${TARGET}`)
  const install = ['toolchain', 'install', RUST, '--profile', 'minimal', '--target', TARGET]
  run('rustup', [...install, '--no-self-update'])
}

function requireInstalled() {
  const version = probe('rustc', ['--version'])?.split(' ')[1]
  if (version !== RUST) {
    fail(
      `needs Rust ${RUST} for ${TARGET}, found ${version === undefined ? 'no rustc' : `rustc ${version}`} and no rustup ` +
        `that could install it: https://rustup.rs`,
    )
  }
  const libraries = probe('rustc', ['--print', 'target-libdir', '--target', TARGET])
  if (libraries === undefined || !existsSync(libraries)) {
    fail(
      `the standard library for ${TARGET} is missing beside rustc ${RUST}, and there is no rustup that could add it: ` +
        `https://rustup.rs`,
    )
  }
}
