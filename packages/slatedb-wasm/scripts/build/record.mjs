import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { PACKAGE, PATCHES, RUST_DIR, WASM_DIR } from './paths.mjs'
import { fail, run } from './run.mjs'
import { TARGET } from './toolchain.mjs'

const ARTIFACTS = ['slatedb.wasm', 'slatedb.js', 'slatedb.d.ts', 'THIRD-PARTY-LICENSES.txt']
const RECORD = join(WASM_DIR, 'build-info.json')

/**
 * Copies the files built to `wasm/` and records the hash of their sources.
 *
 * @param {string} out
 * @param {string} binaryen
 */
export function install(out, binaryen) {
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
    binaryen,
    crates: lockedVersions(['slatedb', 'object_store', 'tokio', 'wasm-bindgen']),
    files,
  }
  writeFileSync(RECORD, `${JSON.stringify(info, undefined, 2)}\n`)
  const wasm = readFileSync(join(WASM_DIR, 'slatedb.wasm'))
  console.log(`slatedb.wasm: ${wasm.length} bytes, ${gzipSync(wasm, { level: 9 }).length} gzipped`)
}

/**
 * Fails if the files built differ from `wasm/`.
 *
 * @param {string} out
 */
export function compare(out) {
  const differing = ARTIFACTS.filter(
    (name) => !readFileSync(join(out, name)).equals(readFileSync(join(WASM_DIR, name))),
  )
  if (differing.length > 0) {
    fail(`a new build differs from wasm/ in ${differing.join(', ')}: node scripts/build.mjs`)
  }
  console.log('a new build is the same as wasm/')
}

/** Fails unless `wasm/` and the sources have the hashes that the last build recorded. */
export function compareHashes() {
  if (!existsSync(RECORD)) fail('wasm/build-info.json is missing: node scripts/build.mjs')
  const { inputs, files } = JSON.parse(readFileSync(RECORD, 'utf8'))
  for (const name of ARTIFACTS) {
    if (files[name]?.sha256 !== sha256(readFileSync(join(WASM_DIR, name)))) {
      fail(`wasm/${name} differs from the file the build wrote: node scripts/build.mjs`)
    }
  }
  if (inputs !== inputsHash()) {
    fail('the sources of wasm/ have changed since it was built: node scripts/build.mjs')
  }
  console.log('wasm/ and its sources have the hashes recorded')
}

/** One hash of all sources of the module. */
function inputsHash() {
  const hash = createHash('sha256')
  const here = dirname(fileURLToPath(import.meta.url))
  const roots = [PATCHES, RUST_DIR, here, `${here}.mjs`]
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
