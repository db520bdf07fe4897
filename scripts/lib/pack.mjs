import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, Stop } from './exec.mjs'
import { findPnpm } from './install.mjs'
import { filesBelow, ROOT } from './paths.mjs'
import { tarballManifest } from './release/tarball-manifest.mjs'

/**
 * A public package of the workspace.
 * @typedef {{ dir: string, name: string, exports: string[], bins: string[] }} Package
 */

/** @returns {Package[]} */
export function publicPackages(root = ROOT) {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .filter((dir) => existsSync(join(dir, 'package.json')))
    .map((dir) => ({ dir, manifest: JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ dir, manifest }) => ({
      dir,
      name: manifest.name,
      exports: Object.keys(manifest.exports ?? {})
        .filter((path) => !path.endsWith('.json') && !path.endsWith('.wasm'))
        .map((path) => path.replace('.', manifest.name)),
      bins: Object.values(manifest.bin ?? {}).map((file) =>
        join('node_modules', manifest.name, file),
      ),
    }))
}

/**
 * Packs with pnpm, because only pnpm replaces `workspace:` versions.
 *
 * @param {readonly Package[]} packages
 * @param {string} target
 * @param {string} [root]
 * @returns {string[]} the tarballs, in the order of the packages
 */
export function pack(packages, target, root = ROOT) {
  const [command, ...first] = findPnpm(root)
  const filters = packages.flatMap(({ name }) => ['--filter', name])
  const args = [...first, '-r', ...filters, 'pack', '--json', '--pack-destination', target]
  const { code, stdout, stderr } = capture(command, args, { cwd: root })
  if (code !== 0) throw new Stop(`${stdout}${stderr}pack: the packages cannot be packed, see above`)
  /** @type {{ name: string, filename: string }[]} */
  const packed = JSON.parse(stdout)
  const files = new Map(packed.map(({ name, filename }) => [name, filename]))
  return packages.map(({ name }) => files.get(name) ?? '')
}

/**
 * Packs every public package.
 *
 * @param {string} target
 * @returns {Record<string, string>} the tarballs by package name
 */
export function packAll(target) {
  const packages = publicPackages()
  const tarballs = pack(packages, target)
  return Object.fromEntries(packages.map(({ name }, i) => [name, tarballs[i] ?? '']))
}

/**
 * The tarballs of a folder, in the order of the packages.
 *
 * Errors: Stop, if a package has none.
 *
 * @param {readonly Package[]} packages
 * @param {string} folder
 */
export function findTarballs(packages, folder) {
  const files = filesBelow(folder).filter((file) => file.endsWith('.tgz'))
  const byName = new Map(files.map((file) => [tarballManifest(file).name, file]))
  return packages.map(({ name }) => {
    const file = byName.get(name)
    if (file === undefined)
      throw new Stop(`pack: expected a tarball of ${name} in ${folder}, found none`)
    return file
  })
}
