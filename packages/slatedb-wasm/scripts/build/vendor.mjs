import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { PATCHES, RUST_DIR, VENDOR } from './paths.mjs'
import { fail, run } from './run.mjs'

/**
 * Copies the crates that have patches from cargo's store, where their checksums were checked. Applies the patch, then
 * adds the files of the folder of the same name.
 */
export function vendor() {
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
    // Inside this repository git would skip files that are not in its index.
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: VENDOR }
    run('git', ['apply', '--whitespace=nowarn', join(PATCHES, patch)], { cwd: dir, env })
    const added = join(PATCHES, basename(patch, '.patch'))
    if (existsSync(added)) cpSync(added, dir, { recursive: true, errorOnExist: true, force: false })
  }
}
