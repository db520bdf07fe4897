import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build, tool } from './build.mjs'
import { runBenchmarks } from './bench.mjs'
import { runNode, Stop } from './exec.mjs'
import { ensureInstalled } from './install.mjs'
import { ROOT } from './paths.mjs'
import { updateManualPage, updateSettingsSchema } from './manual-page.mjs'
import { checkProse } from './prose.mjs'
import { updateReadmes } from './readme.mjs'
import { release } from './release/release.mjs'
import { setupWords } from './setup-words.mjs'
import { setupEngines, setupS3 } from './setup-python.mjs'
import { setupVersitygw } from './setup-versitygw.mjs'
import { runTests } from './tests.mjs'

/**
 * One command: its purpose, and a function of the remaining words that returns the exit code.
 * @typedef {{ about: string, run: (args: readonly string[]) => number | Promise<number> }} Command
 */

/** @type {Record<string, Command>} */
const commands = {
  quickstart: {
    about: 'run examples/src/quickstart.ts',
    run: (args) => example('quickstart', args),
  },
  'cities-search': {
    about: 'run examples/src/cities-search.ts',
    run: (args) => example('cities-search', args),
  },
  words: { about: 'run examples/src/words.ts', run: (args) => example('words', args) },
  build: { about: 'compile what changed', run: () => (build(), 0) },
  test: { about: 'run the tests: [part of a path …] [--test-name-pattern=…]', run: runTests },
  'setup:s3': {
    about: 'install the S3 server and the Python binding that some tests need',
    run: setupS3,
  },
  'setup:versitygw': {
    about: 'install a second S3 server with Go, which some tests need',
    run: setupVersitygw,
  },
  'setup:engines': {
    about: 'install Spark, Ray and Dask, which some tests need (1.2 GB)',
    run: setupEngines,
  },
  'setup:words': {
    about: 'install the word vectors of examples/src/words.ts (118 MB)',
    run: setupWords,
  },
  coverage: {
    about: 'run the tests and report the covered lines',
    run: (args) => runTests(args, { coverage: true }),
  },
  bench: { about: 'run benchmarks: [name …] [--short] [--record]', run: runBenchmarks },
  typecheck: { about: 'check the types of sources, tests and scripts', run: typecheck },
  lint: { about: 'run oxlint: [--fix]', run: lint },
  format: { about: 'format the files: [--check]', run: format },
  unused: { about: 'find unused files, exports and dependencies', run: unused },
  prose: {
    about: 'find sentences that are hard to read: [--list] [--record]',
    run: checkProse,
  },
  site: { about: 'build the documentation into site/dist/html: [--serve] [--pictures]', run: site },
  packages: {
    about: 'pack every public package and use it from an empty project: [--tarballs=FOLDER]',
    run: packages,
  },
  release: {
    about: 'version, build, pack and check all packages: [--twice] [--version] [--publish]',
    run: (args) => release(args),
  },
  consumers: {
    about: 'use the packed packages from each runtime, bundler and test runner: [name …]',
    run: consumers,
  },
  readme: {
    about: 'copy the snippets of the READMEs from the examples, and write the manual page',
    run: readme,
  },
  check: { about: 'all checks except the tests', run: check },
}

/** Runs the command named by the first word and returns the exit code. */
export async function runCommand(/** @type {readonly string[]} */ [name = '', ...args]) {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    const lines = Object.entries(commands).map(([key, { about }]) => `  ${key.padEnd(12)}${about}`)
    console.error(`run: unknown command "${name}"; use npm run with one of\n${lines.join('\n')}`)
    return 2
  }
  try {
    return await command.run(args)
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    console.error(error.message)
    return 1
  }
}

/**
 * @param {string} name
 * @param {readonly string[]} args
 */
function example(name, args) {
  build()
  const file = join(ROOT, `examples/dist/${name}.js`)
  if (!existsSync(file)) {
    throw new Stop(`${name}: expected examples/src/${name}.ts, found none`)
  }
  return runNode([file, ...args])
}

function typecheck() {
  build()
  return runNode([tool('typescript/bin/tsc'), '-p', 'scripts'])
}

/** @param {readonly string[]} args */
function lint(args) {
  // Build first, because type-aware rules read the compiled declarations.
  build()
  return runNode([tool('oxlint/bin/oxlint'), ...args])
}

/** @param {readonly string[]} args */
function format(args) {
  ensureInstalled()
  return runNode([tool('oxfmt/bin/oxfmt'), ...args])
}

/** @param {readonly string[]} args */
function unused(args) {
  ensureInstalled()
  return runNode([tool('knip/bin/knip.js'), '--no-progress', '--no-config-hints', ...args])
}

async function readme() {
  build()
  await updateManualPage()
  await updateSettingsSchema()
  return updateReadmes()
}

/** @param {readonly string[]} args */
function site(args) {
  build()
  return runNode([join(ROOT, 'site/dist/code/main.js'), ...args])
}

/** @param {readonly string[]} args */
async function packages(args) {
  build()
  const [folder] = args.flatMap((arg) => /^--tarballs=(.+)$/.exec(arg)?.[1] ?? [])
  // Imported after the build: it needs a dependency, which a fresh clone does not have before.
  const { checkPackages } = await import('./check-packages.mjs')
  return checkPackages(folder)
}

/** @param {readonly string[]} args */
async function consumers(args) {
  ensureInstalled()
  const { runConsumers } = await import('../consumers/run-matrix.mjs')
  return runConsumers(args)
}

/** Runs all checks, even if one fails, so that one run shows every problem. */
async function check() {
  const failed = []
  for (const name of ['typecheck', 'lint', 'format', 'unused', 'prose', 'packages']) {
    console.log(`\n${name}: ${commands[name]?.about}`)
    if ((await runCommand(name === 'format' ? [name, '--check'] : [name])) !== 0) failed.push(name)
  }
  console.log(failed.length === 0 ? '\ncheck: passed' : `\ncheck: failed in ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}
