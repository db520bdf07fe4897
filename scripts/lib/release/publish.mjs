import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { capture, Stop } from '../exec.mjs'
import { publicPackages } from '../pack.mjs'
import { filesBelow } from '../paths.mjs'
import { changedFiles } from './sums.mjs'
import { tarballManifest } from './tarball-manifest.mjs'

/** @typedef {{ file: string, name: string, version: string, dependencies: readonly string[] }} Tarball */

/**
 * Uploads the tarballs of a folder with npm, dependencies first. Running it again continues: a package whose bytes the
 * registry already has is skipped.
 *
 * Errors: Stop, if a file differs from its recorded SHA-256, or the registry has other bytes for a version.
 *
 * @param {string} folder
 * @param {{ dryRun: boolean, registry?: string | undefined, tag?: string, provenance?: boolean }} options
 * @returns {number} the exit code
 */
export function publish(folder, { dryRun, registry, tag = 'latest', provenance = false }) {
  const changed = changedFiles(folder)
  if (changed.length > 0) {
    throw new Stop(`release: ${changed.join(', ')} changed after they were packed; pack again`)
  }
  const at = registry === undefined ? [] : [`--registry=${registry}`]
  for (const { file, name, version } of inOrder(readTarballs(folder))) {
    const known = published(`${name}@${version}`, at)
    if (known === integrity(file)) {
      console.log(`✔ ${name}@${version}: the registry has it`)
      continue
    }
    if (known !== '') {
      throw new Stop(
        `release: the registry has other bytes for ${name}@${version}; a version cannot change, so record a change and release a new one`,
      )
    }
    const args = [
      'publish',
      file,
      '--access=public',
      `--tag=${tag}`,
      '--loglevel=error',
      ...at,
      ...(dryRun ? ['--dry-run'] : []),
      `--provenance=${provenance && !dryRun}`,
    ]
    const { code, stdout, stderr } = capture('npm', args, { cwd: folder })
    if (code !== 0)
      throw new Stop(`${stdout}${stderr}release: npm refused ${name}@${version}, see above`)
    console.log(`✔ ${name}@${version}: ${dryRun ? 'would be published (dry run)' : 'published'}`)
  }
  return 0
}

/** @returns {Tarball[]} */
function readTarballs(/** @type {string} */ folder) {
  const ours = new Set(publicPackages().map(({ name }) => name))
  return filesBelow(folder)
    .filter((file) => file.endsWith('.tgz'))
    .map((file) => {
      const { name, version, dependencies = {} } = tarballManifest(file)
      return {
        file,
        name,
        version,
        dependencies: Object.keys(dependencies).filter((each) => ours.has(each)),
      }
    })
}

/**
 * Sorts packages after their dependencies, so that no moment exists in which the registry has a package that cannot be
 * installed.
 *
 * @param {readonly Tarball[]} tarballs
 */
export function inOrder(tarballs) {
  /** @type {Tarball[]} */
  const sorted = []
  const byName = new Map(tarballs.map((tarball) => [tarball.name, tarball]))
  const visit = (/** @type {Tarball} */ tarball) => {
    if (!byName.delete(tarball.name)) return
    for (const name of tarball.dependencies) {
      const dependency = byName.get(name)
      if (dependency !== undefined) visit(dependency)
    }
    sorted.push(tarball)
  }
  for (const tarball of tarballs) visit(tarball)
  return sorted
}

/** The integrity that the registry has for a version, or an empty string. */
function published(/** @type {string} */ spec, /** @type {readonly string[]} */ at) {
  const { code, stdout, stderr } = capture('npm', [
    'view',
    spec,
    'dist.integrity',
    '--loglevel=error',
    ...at,
  ])
  if (code === 0) return stdout.trim()
  if (/E404|404 Not Found/.test(stderr)) return ''
  throw new Stop(`${stderr}release: could not ask the registry for ${spec}, see above`)
}

function integrity(/** @type {string} */ file) {
  return `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
}
