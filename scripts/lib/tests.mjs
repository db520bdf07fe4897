import { join } from 'node:path'
import { build, tool } from './build.mjs'
import { runNode, Stop } from './exec.mjs'
import { filesBelow, fromRoot, ROOT } from './paths.mjs'
import { compiledTests } from './projects.mjs'

/** A test (and, on some Node lines, a whole file of them) that takes longer hangs; soaks have more to do. */
const TIMEOUT_MS = process.env['SHARDYFUSION_SOAK'] === '1' ? 1_200_000 : 300_000

/**
 * Builds, then runs the tests of all packages, or those the arguments name.
 *
 * Words are parts of test paths, as source or compiled (`packages/core/test/keys`, `keys`); words that
 * start with `-` go to Node (`--test-name-pattern=…`).
 *
 * @param {readonly string[]} args
 * @param {{ coverage?: boolean }} [options]
 */
export function runTests(args, { coverage = false } = {}) {
  const projects = build()
  const all = [...compiledTests(projects), ...scriptTests()].map(fromRoot)
  const words = args.filter((arg) => !arg.startsWith('-'))
  const tests = selectTests(all, words)
  if (tests.length === 0) {
    throw new Stop(`test: no test file matches ${words.join(', ')}; there are ${all.length} files`)
  }
  const command = [
    '--test',
    // A failure points at the line of the .ts file.
    '--enable-source-maps',
    `--test-timeout=${TIMEOUT_MS}`,
    '--test-reporter=./scripts/lib/reporter.mjs',
    '--test-reporter-destination=stdout',
    ...args.filter((arg) => arg.startsWith('-')),
    // Files, not folders or globs: Node's release lines treat those differently.
    ...tests,
  ]
  return runNode(coverage ? [tool('c8/bin/c8.js'), process.execPath, ...command] : command)
}

/**
 * The files whose path contains one of the words; all of them when there are no words.
 *
 * @param {readonly string[]} files paths from the root, with forward slashes
 * @param {readonly string[]} words
 */
export function selectTests(files, words) {
  if (words.length === 0) return [...files]
  const parts = words.map(compiledForm)
  return files.filter((file) => parts.some((part) => file.includes(part)))
}

/** `./packages/core/test/keys/x.test.ts` as it appears among the compiled files. */
function compiledForm(/** @type {string} */ word) {
  return word
    .replaceAll('\\', '/')
    .replace(/^\.\//, '')
    .replace(/(^|\/)test(?=\/|$)/, (match, before) =>
      word.startsWith('scripts') ? match : `${before}dist-test`,
    )
    .replace(/\.([mc]?)ts$/, '.$1js')
    .replace(/\/+$/, '')
}

function scriptTests() {
  return filesBelow(join(ROOT, 'scripts/test')).filter((file) => file.endsWith('.test.mjs'))
}
