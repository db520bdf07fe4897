import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, Stop } from '../exec.mjs'
import { findPnpm } from '../install.mjs'
import { pack, publicPackages } from '../pack.mjs'
import { licenceText } from './licences.mjs'
import { reproducibleSbom } from './sbom.mjs'
import { writeSums } from './sums.mjs'

/**
 * Packs a built checkout: one tarball and one CycloneDX document per package, the licences of all dependencies, and the
 * SHA-256 of each file.
 *
 * @param {string} root
 * @param {string} out a folder to create
 */
export function packForRelease(root, out) {
  const packages = publicPackages(root)
  pack(packages, out, root)
  const names = packages.flatMap(({ name }) => ['--filter', name])
  const sboms = join(out, 'sbom')
  mkdirSync(sboms)
  pnpm(root, [
    ...names,
    'sbom',
    '--sbom-format=cyclonedx',
    '--prod',
    '--split',
    `--out=${sboms}/%s.cdx.json`,
  ])
  const time = commitTime(root)
  for (const name of readdirSync(sboms)) {
    const file = join(sboms, name)
    writeFileSync(file, reproducibleSbom(readFileSync(file, 'utf8'), time))
  }
  const licences = JSON.parse(pnpm(root, [...names, 'licenses', 'list', '--prod', '--json']))
  writeFileSync(join(out, 'THIRD-PARTY-LICENCES.txt'), licenceText(licences))
  writeSums(out)
  console.log(`✔ packed ${packages.length} packages, with an SBOM each`)
}

/**
 * @param {string} root
 * @param {readonly string[]} args
 */
function pnpm(root, args) {
  const [command, ...first] = findPnpm(root)
  const { code, stdout, stderr } = capture(command, [...first, ...args], { cwd: root })
  if (code !== 0)
    throw new Stop(`${stdout}${stderr}release: pnpm ${args.join(' ')} failed, see above`)
  return stdout
}

function commitTime(/** @type {string} */ root) {
  const { stdout } = capture('git', ['log', '-1', '--format=%cI'], { cwd: root })
  return new Date(stdout.trim())
}
