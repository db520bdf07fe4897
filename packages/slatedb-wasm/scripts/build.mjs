// Builds wasm/ from the Rust sources, or tells whether the committed one belongs to them.
//
//   node scripts/build.mjs            builds and replaces wasm/
//   node scripts/build.mjs --check    fails unless wasm/ was built from these sources: builds them and compares the bytes;
//                                     where there is no Rust, compares hashes and says that this proves less
//   node scripts/build.mjs --hashes   only compares hashes: fast, and no proof
//   node scripts/build.mjs --vendor   only fetches and patches crates, for work with plain cargo commands
//
// Needs rustup, which installs the toolchain (build/toolchain.mjs), or that toolchain itself; and git for the patches.

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFactory } from './build/bindings.mjs'
import { check } from './build/check.mjs'
import { licenses } from './build/licenses.mjs'
import { CARGO_HOME, PACKAGE, RUST_DIR, TARGET_DIR } from './build/paths.mjs'
import { compare, compareHashes, install } from './build/record.mjs'
import { fail, run } from './build/run.mjs'
import { TARGET, useToolchain } from './build/toolchain.mjs'
import { vendor } from './build/vendor.mjs'

const BINARYEN = '132.0.0'

function main() {
  const [mode = '--build', ...rest] = process.argv.slice(2)
  if (rest.length > 0) fail(`unexpected argument ${rest[0]}`)
  if (mode === '--check') return check(() => built(compare))
  if (mode === '--hashes') return compareHashes()
  if (mode === '--build') return built((out) => install(out, BINARYEN))
  if (mode !== '--vendor') fail(`unknown argument ${mode}`)
  useToolchain()
  vendor()
}

/** @param {(out: string) => void} use what to do with the files built */
function built(use) {
  useToolchain()
  vendor()
  const out = mkdtempSync(join(tmpdir(), 'slatedb-wasm-'))
  try {
    build(out)
    use(out)
  } finally {
    rmSync(out, { recursive: true })
  }
}

/** @param {string} out */
function build(out) {
  const cargo = ['build', '--locked', '--target-dir', TARGET_DIR]
  run('cargo', [...cargo, '-p', 'slatedb-wasm-bindgen'], { cwd: RUST_DIR })
  run('cargo', [...cargo, '-p', 'slatedb-wasm-engine', '--release', '--target', TARGET], {
    cwd: RUST_DIR,
    env: { ...process.env, CARGO_ENCODED_RUSTFLAGS: rustFlags().join('\x1f') },
  })
  const bindgen = join(TARGET_DIR, 'debug', 'slatedb-wasm-bindgen')
  run(bindgen, [join(TARGET_DIR, TARGET, 'release', 'slatedb_wasm.wasm'), out])
  makeFactory(out)
  optimise(join(out, 'slatedb_bg.wasm'), join(out, 'slatedb.wasm'))
  writeFileSync(join(out, 'THIRD-PARTY-LICENSES.txt'), licenses())
}

// Panic messages name source files; where they lie on this machine is nobody's business and would change the bytes.
function rustFlags() {
  const sysroot = run('rustc', ['--print', 'sysroot'], { capture: true }).trim()
  const remaps = [
    [PACKAGE, 'slatedb-wasm'],
    [TARGET_DIR, 'target'],
    ...registries().map((registry) => [registry, 'crates.io']),
    [CARGO_HOME, 'cargo'],
    [join(sysroot, 'lib/rustlib/src/rust'), 'rust'],
  ]
  // The last one that fits wins.
  return remaps.reverse().map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
}

function registries() {
  const sources = join(CARGO_HOME, 'registry', 'src')
  return existsSync(sources) ? readdirSync(sources).map((name) => join(sources, name)) : []
}

/**
 * @param {string} input
 * @param {string} output
 */
function optimise(input, output) {
  const features = ['bulk-memory', 'mutable-globals', 'multivalue', 'nontrapping-float-to-int']
  const options = [...features, 'reference-types', 'sign-ext'].map((name) => `--enable-${name}`)
  const wasmOpt = ['--yes', '--package', `binaryen@${BINARYEN}`, '--', 'wasm-opt']
  run('npx', [...wasmOpt, '-O3', ...options, input, '-o', output])
}

main()
