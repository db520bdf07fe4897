import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { build, tool } from './build.mjs'
import { runNode, Stop } from './exec.mjs'
import { filesBelow, fromRoot, ROOT } from './paths.mjs'
import { compiledTests } from './projects.mjs'

const SOAK = Number(process.env['SHARDYFUSION_SOAK'] || 0)
/** Time limit of a test (on some Node lines, of a whole test file). Soak runs take longer. */
const TIMEOUT_MS = SOAK > 0 ? Math.max(SOAK, 1) * 1_200_000 : 300_000
/**
 * Test files that run at the same time. Node's default is one less, which is a single file on two cores, and many tests
 * wait for a child process, a server or a timer.
 */
const CONCURRENCY = Math.max(2, availableParallelism())

/**
 * Builds, then runs the tests of all packages, or those that the arguments select.
 *
 * Words are parts of source or compiled test paths (`packages/core/test/keys`, `keys`). Words that start with `-` are
 * passed to Node (`--test-name-pattern=…`).
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
    // Makes failures refer to lines of the .ts file.
    '--enable-source-maps',
    `--test-timeout=${TIMEOUT_MS}`,
    `--test-concurrency=${CONCURRENCY}`,
    '--test-reporter=./scripts/lib/reporter.mjs',
    '--test-reporter-destination=stdout',
    ...args.filter((arg) => arg.startsWith('-')),
    // Pass files, because Node's release lines treat folders and globs differently.
    ...tests,
  ]
  return runNode(coverage ? [tool('c8/bin/c8.js'), process.execPath, ...command] : command)
}

/**
 * The files whose path contains one of the words; all files if there are no words.
 *
 * @param {readonly string[]} files paths from the root, with forward slashes
 * @param {readonly string[]} words
 */
export function selectTests(files, words) {
  if (words.length === 0) return [...files]
  const parts = words.map(compiledForm)
  return files.filter((file) => parts.some((part) => file.includes(part)))
}

/** The compiled path of `./packages/core/test/keys/x.test.ts`. */
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
