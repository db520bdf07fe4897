import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, Stop } from './exec.mjs'
import { ROOT } from './paths.mjs'

/** Installs the dependencies, unless `node_modules` already matches the lockfile. */
export function ensureInstalled(root = ROOT) {
  const wanted = installState(root)
  if (isInstalled(root, wanted)) return
  console.log('Installing dependencies with pnpm (the first time takes about half a minute) …')
  // With CI=true, pnpm replaces a node_modules of another tool without asking.
  const pnpm = findPnpm(root)
  const args = [...pnpm.slice(1), 'install', '--frozen-lockfile']
  const { code, stdout, stderr } = capture(pnpm[0], args, { cwd: root, env: { CI: 'true' } })
  if (code !== 0) {
    process.stderr.write(stdout + stderr)
    throw new Stop(
      `install: \`${[...pnpm, 'install', '--frozen-lockfile'].join(' ')}\` failed with exit code ${code}, ` +
        'its output is above; it needs the npm registry, and a lockfile that matches every package.json',
    )
  }
  writeFileSync(stampPath(root), wanted)
}

/**
 * A fingerprint of the inputs of `node_modules`: file contents, because a checkout changes file times, and the platform,
 * because a container with other native packages may share the folder.
 *
 * @param {string} root
 */
export function installState(root) {
  const hash = createHash('sha256')
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(readFileSync(join(root, name)))
  }
  return `${hash.digest('hex')} ${process.platform} ${process.arch}\n`
}

/**
 * @param {string} root
 * @param {string} wanted an `installState`
 */
export function isInstalled(root, wanted) {
  if (!existsSync(stampPath(root)) || !existsSync(join(root, 'node_modules/.modules.yaml'))) {
    return false
  }
  return readFileSync(stampPath(root), 'utf8') === wanted
}

function stampPath(/** @type {string} */ root) {
  return join(root, 'node_modules/.installed-from')
}

/**
 * The command that starts the pinned pnpm: the one on PATH if it has that version, else npx.
 *
 * @returns {[string, ...string[]]}
 */
export function findPnpm(root = ROOT) {
  const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { version } = devEngines.packageManager
  const found = capture('pnpm', ['--version'], { cwd: root })
  if (found.code === 0 && found.stdout.trim() === version) return ['pnpm']
  return ['npx', '-y', `pnpm@${version}`]
}
