// Builds wasm/ from the Rust sources, or tells whether the committed one belongs to them.
//
//   node scripts/build.mjs            builds and replaces wasm/
//   node scripts/build.mjs --check    fails unless wasm/ was built from these sources; needs no Rust
//   node scripts/build.mjs --verify   builds beside it and fails unless the bytes are the same
//   node scripts/build.mjs --vendor   only fetches and patches crates, for work with plain cargo commands
//
// Needs rustup with the toolchain below and its wasm32-unknown-unknown target, and git to apply the patches.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const RUST = '1.95.0'
const BINARYEN = '132.0.0'
const TARGET = 'wasm32-unknown-unknown'

const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)))
const RUST_DIR = join(PACKAGE, 'rust')
const VENDOR = join(RUST_DIR, 'vendor')
const PATCHES = join(PACKAGE, 'patches')
const WASM_DIR = join(PACKAGE, 'wasm')
const TARGET_DIR = process.env['CARGO_TARGET_DIR'] ?? join(RUST_DIR, 'target')
const CARGO_HOME = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo')

const ARTIFACTS = ['slatedb.wasm', 'slatedb.js', 'slatedb.d.ts', 'THIRD-PARTY-LICENSES.txt']
const LICENSE_FILE = /^(licen[cs]e|copying|notice|unlicense|copyright)/i

function main() {
  const [mode = '--build', ...rest] = process.argv.slice(2)
  if (rest.length > 0) fail(`unexpected argument ${rest[0]}`)
  if (mode === '--check') return check()
  if (mode === '--vendor') return vendor()
  if (mode !== '--build' && mode !== '--verify') fail(`unknown argument ${mode}`)
  checkToolchain()
  vendor()
  const out = mkdtempSync(join(tmpdir(), 'slatedb-wasm-'))
  try {
    build(out)
    if (mode === '--verify') verify(out)
    else install(out)
  } finally {
    rmSync(out, { recursive: true })
  }
}

function checkToolchain() {
  const version = run('rustc', ['--version'], { capture: true }).split(' ')[1]
  if (version !== RUST) {
    fail(
      `needs Rust ${RUST}, found ${version}: rustup toolchain install ${RUST} --target ${TARGET}`,
    )
  }
  const libraries = run('rustc', ['--print', 'target-libdir', '--target', TARGET], {
    capture: true,
  })
  if (!existsSync(libraries.trim())) {
    fail(`the standard library for ${TARGET} is not installed: rustup target add ${TARGET}`)
  }
}

/** Copies the crates there are patches for from cargo's store, where their checksums were checked, and patches them. */
function vendor() {
  const manifest = ['--locked', '--manifest-path', join(RUST_DIR, 'upstream', 'Cargo.toml')]
  run('cargo', ['fetch', ...manifest])
  /** @type {{ packages: { name: string, version: string, manifest_path: string }[] }} */
  const { packages } = JSON.parse(
    run('cargo', ['metadata', '--format-version', '1', ...manifest], { capture: true }),
  )
  rmSync(VENDOR, { recursive: true, force: true })
  for (const patch of readdirSync(PATCHES).filter((name) => name.endsWith('.patch'))) {
    const found = packages.find(({ name, version }) => patch === `${name}-${version}.patch`)
    if (found === undefined) fail(`patches/${patch}: rust/upstream locks no such crate`)
    const dir = join(VENDOR, found.name)
    cpSync(dirname(found.manifest_path), dir, { recursive: true })
    rmSync(join(dir, '.cargo-ok'), { force: true })
    // Seen from inside this repository git would skip files outside of the index.
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: VENDOR }
    run('git', ['apply', '--whitespace=nowarn', join(PATCHES, patch)], { cwd: dir, env })
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

/** The crates in the module with their licences, texts that several share only once. */
function licenses() {
  const tree = ['tree', '--locked', '-p', 'slatedb-wasm-engine', '--target', TARGET]
  const format = ['-e', 'normal,no-proc-macro', '--prefix', 'none', '--format', '{p}']
  const linked = run('cargo', [...tree, ...format], { cwd: RUST_DIR, capture: true })
  const names = new Set(
    linked.split('\n').map((line) => line.split(' ').slice(0, 2).join(' v').replace('vv', 'v')),
  )
  const metadata = ['metadata', '--locked', '--format-version', '1', '--filter-platform', TARGET]
  const { packages } = JSON.parse(run('cargo', metadata, { cwd: RUST_DIR, capture: true }))
  /** @type {Map<string, { text: string, crates: string[] }>} */
  const texts = new Map()
  const lines = []
  for (const { name, version, license, manifest_path: manifest } of packages) {
    if (!names.has(`${name} v${version}`) || name === 'slatedb-wasm-engine') continue
    const crate = `${name} ${version}`
    lines.push(`${crate}: ${license ?? 'see its licence text'}`)
    for (const text of licenseTexts(dirname(manifest), license ?? '')) {
      // The same text is laid out in many ways.
      const words = text.replaceAll(/\s+/g, ' ')
      const seen = texts.get(words) ?? { text, crates: [] }
      seen.crates.push(crate)
      texts.set(words, seen)
    }
  }
  const rule = '-'.repeat(80)
  const sections = [...texts.values()]
    .map(({ text, crates }) => `${rule}\n${crates.sort().join('\n')}\n${rule}\n\n${text}\n`)
    .sort()
  return [
    'slatedb.wasm is compiled from these Rust crates, some of them changed by the patches in the sources of',
    `this package, and the standard library of Rust ${RUST} (MIT OR Apache-2.0).\n`,
    ...lines.sort(),
    '',
    ...sections,
  ].join('\n')
}

/**
 * The texts that go with a crate; where it may be had under Apache-2.0, those of that licence only.
 *
 * @param {string} dir
 * @param {string} license
 */
function licenseTexts(dir, license) {
  const files = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENSE_FILE.test(entry.name))
    .map(({ name }) => name)
  const isChoice = /Apache-2\.0/.test(license) && / OR |\//.test(license) && !/AND/.test(license)
  const apache = files.filter((name) => /apache/i.test(name))
  const chosen =
    isChoice && apache.length > 0 ? files.filter((name) => /apache|notice/i.test(name)) : files
  return chosen.map((name) => readFileSync(join(dir, name), 'utf8').replaceAll('\r\n', '\n').trim())
}

/** @param {string} out */
function install(out) {
  mkdirSync(WASM_DIR, { recursive: true })
  /** @type {Record<string, { bytes: number, sha256: string }>} */
  const files = {}
  for (const name of ARTIFACTS) {
    cpSync(join(out, name), join(WASM_DIR, name))
    const bytes = readFileSync(join(out, name))
    files[name] = { bytes: bytes.length, sha256: sha256(bytes) }
  }
  const info = {
    inputs: inputsHash(),
    rust: run('rustc', ['--version'], { capture: true }).trim(),
    target: TARGET,
    binaryen: BINARYEN,
    crates: lockedVersions(['slatedb', 'object_store', 'tokio', 'wasm-bindgen']),
    files,
  }
  writeFileSync(join(WASM_DIR, 'build-info.json'), `${JSON.stringify(info, undefined, 2)}\n`)
  const wasm = readFileSync(join(WASM_DIR, 'slatedb.wasm'))
  console.log(`slatedb.wasm: ${wasm.length} bytes, ${gzipSync(wasm, { level: 9 }).length} gzipped`)
}

/** @param {string} out */
function verify(out) {
  const differing = ARTIFACTS.filter(
    (name) => !readFileSync(join(out, name)).equals(readFileSync(join(WASM_DIR, name))),
  )
  if (differing.length > 0) fail(`a new build differs from wasm/ in ${differing.join(', ')}`)
  console.log('a new build is the same as wasm/')
}

function check() {
  const path = join(WASM_DIR, 'build-info.json')
  if (!existsSync(path)) fail('wasm/build-info.json is missing: node scripts/build.mjs')
  const { inputs, files } = JSON.parse(readFileSync(path, 'utf8'))
  if (inputs !== inputsHash()) {
    fail(
      'the Rust sources, patches or build script changed since wasm/ was built: node scripts/build.mjs',
    )
  }
  for (const name of ARTIFACTS) {
    if (files[name]?.sha256 !== sha256(readFileSync(join(WASM_DIR, name)))) {
      fail(`wasm/${name} is not what the build wrote: node scripts/build.mjs`)
    }
  }
  console.log('wasm/ was built from these sources')
}

/** One hash over everything the module is made from. */
function inputsHash() {
  const hash = createHash('sha256')
  const roots = [PATCHES, RUST_DIR, fileURLToPath(import.meta.url)]
  for (const path of roots.flatMap((root) => filesBelow(root)).sort()) {
    const name = relative(PACKAGE, path).split(sep).join('/')
    hash.update(`${name} ${sha256(readFileSync(path))}\n`)
  }
  return `sha256:${hash.digest('hex')}`
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesBelow(path) {
  if (['vendor', 'target'].includes(basename(path))) return []
  /** @type {import('node:fs').Dirent[]} */
  let entries
  try {
    entries = readdirSync(path, { withFileTypes: true })
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR') return [path]
    throw error
  }
  return entries.flatMap((entry) => filesBelow(join(path, entry.name)))
}

/** @param {readonly string[]} names */
function lockedVersions(names) {
  const lock = readFileSync(join(RUST_DIR, 'Cargo.lock'), 'utf8')
  return Object.fromEntries(
    names.map((name) => [name, lock.match(new RegExp(`name = "${name}"\nversion = "(.*)"`))?.[1]]),
  )
}

/** @param {Uint8Array} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, capture?: boolean }} [options]
 */
function run(command, args, { cwd, env, capture = false } = {}) {
  const { status, error, stdout } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
  })
  if (error !== undefined) fail(`${command} cannot be run: ${error.message}`)
  if (status !== 0) fail(`${command} ${args[0]} failed`)
  return stdout ?? ''
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(`slatedb-wasm build: ${message}`)
  process.exit(1)
}

main()
