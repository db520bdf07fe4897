import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const SOURCES = ['patches', 'rust', 'scripts', 'wasm']

/** A copy of what the module is made from, with the module. */
function copy(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'recorded-module-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const isSource = (path: string): boolean => !['target', 'vendor'].includes(basename(path))
  for (const name of SOURCES) {
    cpSync(join(PACKAGE, name), join(folder, name), { recursive: true, filter: isSource })
  }
  return folder
}

/** Changes one byte of the module and, as whoever hides that would, the hash that was recorded. */
function tamper(folder: string): void {
  const module = join(folder, 'wasm/slatedb.wasm')
  const record = join(folder, 'wasm/build-info.json')
  const bytes = readFileSync(module)
  const before = createHash('sha256').update(bytes).digest('hex')
  const at = bytes.length >> 1
  bytes[at] = bytes[at]! ^ 1
  writeFileSync(module, bytes)
  const after = createHash('sha256').update(bytes).digest('hex')
  writeFileSync(record, readFileSync(record, 'utf8').replace(before, after))
}

/** Runs the check of a copy with a build that gives what the sources make: the module of this package. */
function check(folder: string, canBuild: boolean): { code: number | null; output: string } {
  const script = (name: string): string =>
    JSON.stringify(pathToFileURL(join(folder, 'scripts/build', name)).href)
  const program = `
    import { check } from ${script('check.mjs')}
    import { compare } from ${script('record.mjs')}
    check(() => compare(${JSON.stringify(join(PACKAGE, 'wasm'))}), ${canBuild})
  `
  const args = ['--input-type=module', '--eval', program]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { code: status, output: stdout + stderr }
}

test('the check proves the recorded module by a build of the sources', (t) => {
  const { code, output } = check(copy(t), true)
  assert.equal(code, 0, output)
  assert.match(output, /was built from these sources/)
})

test('a module that was changed together with its hash does not pass as built from the sources', (t) => {
  const folder = copy(t)
  tamper(folder)
  const built = check(folder, true)
  assert.equal(built.code, 1)
  assert.match(built.output, /a new build differs from wasm\/ in slatedb\.wasm/)
  // Hashes alone cannot tell, and the check says so instead of claiming it.
  const hashed = check(folder, false)
  assert.equal(hashed.code, 0, hashed.output)
  assert.match(hashed.output, /not proven that wasm\/ was built from these sources/)
})

test('without Rust, a module without its hash, or a changed source, is refused', (t) => {
  const changed = copy(t)
  writeFileSync(join(changed, 'wasm/slatedb.wasm'), 'another')
  assert.match(check(changed, false).output, /slatedb\.wasm differs from the file the build wrote/)
  const edited = copy(t)
  writeFileSync(join(edited, 'rust/engine/src/lib.rs'), '')
  const { code, output } = check(edited, false)
  assert.equal(code, 1)
  assert.match(output, /the sources of wasm\/ have changed/)
})
