import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RUST_DIR } from './paths.mjs'
import { run } from './run.mjs'
import { RUST, TARGET } from './toolchain.mjs'

const LICENSE_FILE = /^(licen[cs]e|copying|notice|unlicense|copyright)/i

/** The crates in the module with their licences. A text that several crates share appears once. */
export function licenses() {
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
      // Copies of the same text differ in line breaks and spaces.
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
 * The licence texts of a crate; only those of Apache-2.0 if the crate may be used under it.
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
