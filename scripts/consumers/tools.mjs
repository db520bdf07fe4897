import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync, copyFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from './run-command.mjs'

const LISTS = fileURLToPath(new URL('./tools/', import.meta.url))
const INSTALL_SECONDS = 900

/**
 * Installs the pinned tools once, and returns their folder.
 *
 * It is outside of the repository, so that no package is found in a folder above the consumers by accident.
 *
 * @returns {Promise<string>}
 */
export async function installTools() {
  const lock = readFileSync(join(LISTS, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).digest('hex').slice(0, 16)
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = join(cache, 'shardyfusion-consumers', hash)
  if (existsSync(join(folder, '.complete'))) return folder
  console.log('Installing the tools of the consumer matrix (1.5 GB, the first time only) …')
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json'])
    copyFileSync(join(LISTS, name), join(folder, name))
  // Nothing needs its install script: the binaries are in packages for each platform.
  // Not `npm ci`, which demands optional packages of other platforms that the registry does not have.
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await runCommand('npm', args, { cwd: folder, timeoutSeconds: INSTALL_SECONDS })
  writeFileSync(join(folder, '.complete'), '')
  return folder
}

/** The programs in the folder of tools. @param {string} folder */
export function toolPaths(folder) {
  const inside = (/** @type {string} */ path) => join(folder, 'node_modules', path)
  return {
    /** @param {20 | 22 | 24 | 26} line */
    node: (line) => inside(`node-${line}/bin/node`),
    bun: inside('@oven/bun-linux-x64/bin/bun'),
    deno: inside('@deno/linux-x64-glibc/deno'),
    workerd: inside('@cloudflare/workerd-linux-64/bin/workerd'),
    yarn: inside('@yarnpkg/cli-dist/bin/yarn.js'),
    /** The script of a tool in JavaScript. */
    script: inside,
  }
}

/** A folder on PATH whose `node` is that program. @param {string} node */
export function pathWith(node) {
  return `${dirname(node)}:${process.env['PATH']}`
}
