import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { capture, Stop } from '../exec.mjs'
import { findPnpm } from '../install.mjs'
import { ROOT } from '../paths.mjs'
import { packForRelease } from './pack-for-release.mjs'
import { publish } from './publish.mjs'
import { readSums } from './sums.mjs'

const USAGE = `usage: npm run release -- [--twice] [--out FOLDER] [--publish [--registry URL] [--tag TAG]]
       npm run release -- --packed FOLDER --publish
       npm run release -- --version

Without --publish, this is a dry run: it does everything except the upload.`

/**
 * Versions, builds, packs, checks and publishes all public packages, from a clone of the last commit.
 *
 * - without options: everything except the upload; recorded changes are applied in the clone only
 * - `--twice`: packs in two clones at different paths, and compares the bytes
 * - `--version`: applies the recorded changes to this folder (versions, changelogs), for a commit
 * - `--packed FOLDER`: takes the files of an earlier run, which may have no access to the registry's secrets
 * - `--publish`: uploads, in the order of the dependencies; packages that the registry has are skipped
 *
 * @param {readonly string[]} args
 * @returns {number} the exit code
 */
export function release(args) {
  const options = parse(args)
  if (options.version) return applyVersions(ROOT)
  const upload = {
    dryRun: !options.publish,
    registry: options.registry,
    tag: options.tag,
    // Only a workflow has the identity that signs a provenance statement.
    provenance: process.env['GITHUB_ACTIONS'] === 'true',
  }
  if (options.packed !== undefined) return publish(resolve(options.packed), upload)
  requireCleanTree(options.publish)
  const out = resolve(options.out)
  const temp = realpathSync(mkdtempSync(join(tmpdir(), 'shardyfusion-release-')))
  try {
    const pending = changesets(ROOT)
    if (pending.length > 0 && options.publish) {
      throw new Stop(
        `release: ${pending.length} changes are recorded in .changeset but not applied; run ` +
          '`npm run release -- --version`, commit the result, and publish that commit',
      )
    }
    const first = packFromClone(join(temp, 'first'))
    if (options.twice) compare(first, packFromClone(join(temp, 'a folder at another path')))
    rmSync(out, { recursive: true, force: true })
    mkdirSync(out, { recursive: true })
    cpSync(first, out, { recursive: true })
    check(join(temp, 'first', 'clone'), out)
    return publish(out, upload)
  } finally {
    rmSync(temp, { recursive: true, force: true })
  }
}

/** @param {readonly string[]} args */
function parse(args) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        twice: { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
        publish: { type: 'boolean', default: false },
        registry: { type: 'string' },
        tag: { type: 'string', default: 'latest' },
        packed: { type: 'string' },
        out: { type: 'string', default: join(ROOT, 'release') },
      },
    })
    if (values.version && values.publish)
      throw new Error('--version and --publish exclude each other')
    return values
  } catch (error) {
    throw new Stop(`release: ${/** @type {Error} */ (error).message}\n${USAGE}`)
  }
}

/**
 * Requires that the commit contains everything. A dry run accepts new files, because tests and tools may create some.
 *
 * @param {boolean} strict
 */
function requireCleanTree(strict) {
  const files = strict ? 'normal' : 'no'
  const { code, stdout, stderr } = capture('git', [
    'status',
    '--porcelain',
    `--untracked-files=${files}`,
  ])
  if (code !== 0) throw new Stop(`release: needs a git checkout: ${stderr.trim()}`)
  if (stdout === '') return
  throw new Stop(`release: expected everything to be committed, found\n${stdout.trimEnd()}`)
}

/**
 * Clones the last commit, so that no file outside of git gets into a package, and packs there.
 *
 * @param {string} folder
 * @returns {string} the folder with tarballs, SBOMs, licences and SHA256SUMS
 */
function packFromClone(folder) {
  const clone = join(folder, 'clone')
  // A URL, because a path would copy the objects of a shallow clone without its boundary.
  const source = pathToFileURL(ROOT).href
  step(`clone into ${folder}`, 'git', ['clone', '--quiet', '--depth', '1', source, clone])
  if (changesets(clone).length > 0) applyVersions(clone)
  step('install and build', process.execPath, [join(clone, 'scripts/run.mjs'), 'build'], clone)
  const out = join(folder, 'out')
  packForRelease(clone, out)
  return out
}

/** The checks of `npm run packages` on these very tarballs. */
function check(/** @type {string} */ clone, /** @type {string} */ out) {
  const run = join(clone, 'scripts/run.mjs')
  step('check the packages', process.execPath, [run, 'packages', `--tarballs=${out}`], clone)
}

/** The names of the recorded changes, which `pnpm change` writes. */
function changesets(/** @type {string} */ root) {
  const folder = join(root, '.changeset')
  if (!existsSync(folder)) return []
  return readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md')
}

function applyVersions(/** @type {string} */ root) {
  if (changesets(root).length === 0) {
    console.log('release: no changes are recorded in .changeset; the versions stay')
    return 0
  }
  const [command, ...first] = findPnpm(root)
  console.log(step('apply the recorded changes', command, [...first, 'version', '-r'], root).trim())
  return 0
}

function compare(/** @type {string} */ first, /** @type {string} */ second) {
  const [a, b] = [readSums(first), readSums(second)]
  const names = [...new Set([...a.keys(), ...b.keys()])].sort()
  const different = names.filter((name) => a.get(name) !== b.get(name))
  if (different.length > 0) {
    throw new Stop(`release: two clones gave different bytes of ${different.join(', ')}`)
  }
  console.log(`✔ two clones at different paths give the same ${a.size} files, byte by byte`)
}

/**
 * @param {string} title
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} [cwd]
 */
function step(title, command, args, cwd = ROOT) {
  const started = performance.now()
  const { code, stdout, stderr } = capture(command, args, { cwd, env: { CI: 'true' } })
  if (code !== 0) throw new Stop(`${stdout}${stderr}release: could not ${title}, see above`)
  console.log(`✔ ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  return stdout
}
