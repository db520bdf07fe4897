import { existsSync } from 'node:fs'
import { fail, probe, run } from './run.mjs'

export const RUST = '1.95.0'
export const TARGET = 'wasm32-unknown-unknown'

/** Whether Rust is installed, or rustup, which can install it. */
export function hasToolchain() {
  return probe('rustup', ['--version']) !== undefined || probe('rustc', ['--version']) !== undefined
}

/** Selects the recorded release of cargo and rustc, with the target. rustup installs missing parts. */
export function useToolchain() {
  if (probe('rustup', ['--version']) === undefined) return requireInstalled()
  // The commands below use this toolchain, whatever the default is.
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
      `rustc ${RUST} has no standard library for ${TARGET}, and there is no rustup that could add it: ` +
        `https://rustup.rs`,
    )
  }
}
