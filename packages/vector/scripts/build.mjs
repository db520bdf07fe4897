// Builds the distance kernel from rust/: wasm/kernel.wasm, wasm/kernel-relaxed.wasm, and both as text in
// src/kernel/kernel-bytes.ts, which is what the package loads. So the kernel is found in bundles and browsers alike.
//
//   node scripts/build.mjs            builds and replaces them
//   node scripts/build.mjs --check    builds again and fails if the bytes differ; without Rust it compares hashes and
//                                     reports that this proves less
//   node scripts/build.mjs --hashes   only compares hashes: fast, but no proof
//
// Needs rustup, or the toolchain that packages/slatedb-wasm is built with. It takes seconds.

import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../slatedb-wasm/scripts/build/run.mjs'
import { hasToolchain, TARGET, useToolchain } from '../../slatedb-wasm/scripts/build/toolchain.mjs'

const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)))
const RUST_DIR = join(PACKAGE, 'rust')
const RECORD = join(PACKAGE, 'wasm', 'build-info.json')
const TEXT = join('src', 'kernel', 'kernel-bytes.ts')

/** The files built, and the features of WebAssembly each needs. */
const KERNELS = [
  { file: join('wasm', 'kernel.wasm'), features: '+simd128', name: 'SIMD_KERNEL' },
  {
    file: join('wasm', 'kernel-relaxed.wasm'),
    features: '+simd128,+relaxed-simd',
    name: 'RELAXED_SIMD_KERNEL',
  },
]

function main() {
  const [mode = '--build', ...rest] = process.argv.slice(2)
  if (rest.length > 0) fail(`unexpected argument ${rest[0]}`)
  if (mode === '--hashes') return compareHashes()
  if (mode === '--check') return check()
  if (mode !== '--build') fail(`unknown argument ${mode}`)
  const files = build()
  for (const [name, bytes] of files) writeFileSync(join(PACKAGE, name), bytes)
  const info = { inputs: inputsHash(), rust: rustVersion(), target: TARGET, files: hashes(files) }
  writeFileSync(RECORD, `${JSON.stringify(info, undefined, 2)}\n`)
  for (const [name, bytes] of files) console.log(`${name}: ${bytes.length} bytes`)
}

function check() {
  if (!hasToolchain()) {
    compareHashes()
    console.log(
      'not proven that the kernel was built from these sources: no Rust here to build it with',
    )
    return
  }
  for (const [name, bytes] of build()) {
    if (!bytes.equals(readFileSync(join(PACKAGE, name)))) {
      fail(`a new build differs from ${name}: node scripts/build.mjs`)
    }
  }
  console.log('the kernel was built from these sources: a new build has the same bytes')
}

/** Builds in a folder outside of the tree, and returns the bytes of each file by its path. */
function build() {
  useToolchain()
  const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-kernel-'))
  /** @type {Map<string, Buffer>} */
  const files = new Map()
  try {
    const texts = KERNELS.map(({ file, features, name }) => {
      const flags = [
        `-Ctarget-feature=${features}`,
        '-Clink-arg=-zstack-size=65536',
        `--remap-path-prefix=${RUST_DIR}=kernel`,
      ]
      const target = join(folder, name)
      run(
        'cargo',
        ['build', '--quiet', '--locked', '--release', '--target', TARGET, '--target-dir', target],
        {
          cwd: RUST_DIR,
          env: { ...process.env, CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f') },
        },
      )
      const bytes = readFileSync(join(target, TARGET, 'release', 'kernel.wasm'))
      files.set(file, bytes)
      return `export const ${name} =\n  '${bytes.toString('base64')}'\n`
    })
    const head = '// Made by scripts/build.mjs from rust/; base64 of the files in wasm/.\n\n'
    files.set(TEXT, Buffer.from(head + texts.join('\n')))
    return files
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Fails unless the files and their sources have the hashes that the last build recorded. */
function compareHashes() {
  const { inputs, files } = JSON.parse(readFileSync(RECORD, 'utf8'))
  for (const [name, recorded] of Object.entries(files)) {
    if (recorded !== sha256(readFileSync(join(PACKAGE, name)))) {
      fail(`${name} differs from the file the build wrote: node scripts/build.mjs`)
    }
  }
  if (inputs !== inputsHash()) {
    fail('the sources of the kernel have changed since it was built: node scripts/build.mjs')
  }
  console.log('the kernel and its sources have the hashes recorded')
}

/** One hash of all sources of the kernel. */
function inputsHash() {
  const hash = createHash('sha256')
  const sources = readdirSync(join(RUST_DIR, 'src')).map((name) => join('rust', 'src', name))
  const others = [
    join('rust', 'Cargo.toml'),
    join('rust', 'Cargo.lock'),
    join('scripts', 'build.mjs'),
  ]
  for (const name of [...sources, ...others].sort((a, b) => (a < b ? -1 : 1))) {
    hash.update(`${name.replaceAll('\\', '/')} ${sha256(readFileSync(join(PACKAGE, name)))}\n`)
  }
  return `sha256:${hash.digest('hex')}`
}

/** @param {ReadonlyMap<string, Buffer>} files */
function hashes(files) {
  return Object.fromEntries(Array.from(files, ([name, bytes]) => [name, sha256(bytes)]))
}

function rustVersion() {
  return run('rustc', ['--version'], { capture: true }).trim()
}

/** @param {Uint8Array} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(`kernel build: ${message}`)
  process.exit(1)
}

main()
