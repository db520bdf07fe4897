import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../lib/build.mjs'
import { Stop } from '../lib/exec.mjs'
import { packAll } from '../lib/pack.mjs'
import { At } from './at.mjs'
import { CELLS } from './cells.mjs'
import { CommandFailure, runCommand } from './run-command.mjs'
import { installTools } from './tools.mjs'

/** At most this many cells at a time; most of them use a processor fully. */
const CONCURRENCY = 2
const SHOWN_LINES = 40

/** @typedef {import('./cells.mjs').Cell} Cell */

/**
 * Runs the cells whose name is, or starts with, one of the words, or all of them, from packed packages.
 *
 * @param {readonly string[]} words
 * @returns {Promise<number>} the exit code
 */
export async function runConsumers(words) {
  const cells = CELLS.filter(
    ({ name }) =>
      words.length === 0 || words.some((word) => name === word || name.startsWith(`${word}-`)),
  )
  if (cells.length === 0) {
    const names = CELLS.map(({ name }) => name).join(', ')
    throw new Stop(`consumers: no cell matches ${words.join(', ')}; the cells are ${names}`)
  }
  if (`${process.platform}-${process.arch}` !== 'linux-x64') {
    console.log('consumers: skipped; the pinned runtimes are for Linux on x64')
    return 0
  }
  build()
  const tools = await installTools()
  mkdirSync(join(tools, 'runs'), { recursive: true })
  const folder = realpathSync(mkdtempSync(join(tools, 'runs', 'run-')))
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', remove)
  process.once('SIGINT', () => process.exit(130))
  const started = performance.now()
  const tarballs = packAll(join(folder, 'tarballs'))
  const app = await installPacked(tarballs, join(folder, 'app'))
  console.log(`packed and installed in ${seconds(started)} s`)
  const counts = { ok: 0, unsupported: 0, failed: 0 }
  const pending = [...cells]
  const work = async () => {
    for (let cell = pending.shift(); cell !== undefined; cell = pending.shift())
      counts[await runCell(cell, new At({ cell: cell.name, tools, folder, app, tarballs }))]++
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  console.log(`consumers: ${parts.join(', ')}, in ${seconds(started)} s`)
  return counts.failed === 0 ? 0 : 1
}

/**
 * Runs one cell and prints its line; of a failure, also the end of its output.
 *
 * @param {Cell} cell
 * @param {At} at
 * @returns {Promise<'ok' | 'unsupported' | 'failed'>}
 */
async function runCell(cell, at) {
  const started = performance.now()
  /** @type {Error | undefined} */
  let error
  try {
    await cell.run(at)
  } catch (thrown) {
    error = /** @type {Error} */ (thrown)
  } finally {
    await at.close()
  }
  const output =
    error instanceof CommandFailure ? `${error.message}\n${error.output}` : error?.stack
  const line = (/** @type {string} */ status, /** @type {string} */ note = '') =>
    console.log(
      `${status.padEnd(12)} ${cell.name.padEnd(26)} ${seconds(started).padStart(6)} s${note}`,
    )
  const { unsupported } = cell
  if (unsupported !== undefined) {
    if (error !== undefined && unsupported.says.test(output ?? '')) {
      line('unsupported', `  ${unsupported.reason}`)
      return 'unsupported'
    }
    line(
      'FAILED',
      error === undefined ? '  it works now: remove `unsupported`' : '  not the expected message',
    )
  } else if (error === undefined) {
    line('ok')
    return 'ok'
  } else line('FAILED')
  console.log(lastLines(output ?? ''))
  return 'failed'
}

function lastLines(/** @type {string} */ output) {
  return output.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n').replaceAll(/^/gm, '    ')
}

function seconds(/** @type {number} */ started) {
  return ((performance.now() - started) / 1000).toFixed(1)
}

/**
 * Installs the tarballs as npm does for a user, in one project that most cells share.
 *
 * @param {Readonly<Record<string, string>>} tarballs path by package name
 * @param {string} folder
 */
async function installPacked(tarballs, folder) {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const args = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
  await runCommand('npm', [...args, ...Object.values(tarballs)], {
    cwd: folder,
    timeoutSeconds: 300,
  })
  return folder
}
