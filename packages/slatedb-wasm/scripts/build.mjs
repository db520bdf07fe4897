// Builds wasm/ from the Rust sources, or checks that the committed wasm/ was built from them.
//
//   node scripts/build.mjs            builds and replaces wasm/
//   node scripts/build.mjs --check    builds again and fails if the bytes differ from wasm/; without Rust it compares
//                                     hashes and reports that this proves less
//   node scripts/build.mjs --hashes   only compares hashes: fast, but no proof
//   node scripts/build.mjs --vendor   only fetches and patches crates, for plain cargo commands
//
// Needs git, and rustup, which installs the toolchain (build/toolchain.mjs), or that toolchain.

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

/** @param {(out: string) => void} use called with the folder of the files built */
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

// Panic messages name source files. The paths of this machine would change the bytes, so they are replaced.
function rustFlags() {
  const sysroot = run('rustc', ['--print', 'sysroot'], { capture: true }).trim()
  const remaps = [
    [PACKAGE, 'slatedb-wasm'],
    [TARGET_DIR, 'target'],
    ...registries().map((registry) => [registry, 'crates.io']),
    [CARGO_HOME, 'cargo'],
    [join(sysroot, 'lib/rustlib/src/rust'), 'rust'],
  ]
  // rustc uses the last prefix that fits.
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
  const features = [
    'bulk-memory',
    'mutable-globals',
    'multivalue',
    'nontrapping-float-to-int',
    'simd',
  ]
  const options = [...features, 'reference-types', 'sign-ext'].map((name) => `--enable-${name}`)
  const wasmOpt = ['--yes', '--package', `binaryen@${BINARYEN}`, '--', 'wasm-opt']
  run('npx', [...wasmOpt, '-O3', ...options, input, '-o', output])
}

main()
