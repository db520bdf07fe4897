import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from './build.mjs'
import { runNode, Stop } from './exec.mjs'
import { isDirectory, ROOT } from './paths.mjs'

/** The effect of a flag of `npm run bench` on the benchmarks. */
const FLAGS = { '--short': 'BENCH_SHORT', '--record': 'BENCH_RECORD' }

/**
 * Builds, then runs all of `bench/src/*.bench.ts` in order, or those whose name contains one of the words.
 * Files without `.bench` in their name take minutes and run only if named in full.
 *
 * `--short` only checks that the benchmarks work; its figures are meaningless. `--record` stores the figures in
 * `bench/results` and writes the report. Other options are passed to the benchmarks.
 *
 * @param {readonly string[]} args
 */
export function runBenchmarks(args) {
  build()
  const words = args.filter((arg) => !arg.startsWith('-'))
  const options = args.filter((arg) => arg.startsWith('-') && !Object.hasOwn(FLAGS, arg))
  const flags = Object.entries(FLAGS).filter(([flag]) => args.includes(flag))
  const env = Object.fromEntries(flags.map(([, variable]) => [variable, '1']))
  const all = benchmarks()
  const chosen = selectBenchmarks(all, words)
  if (chosen.length === 0) {
    const names = all.map(nameOf).join(', ')
    throw new Stop(
      `bench: no benchmark matches "${words.join(' ')}"; the benchmarks are: ${names || 'none'}`,
    )
  }
  let code = 0
  for (const file of chosen) {
    console.log(`\n${nameOf(file)}`)
    // Expose the garbage collector, so that a benchmark can start each measurement with a clean heap.
    const result = runNode(['--expose-gc', join(DIST, file), ...options], { env })
    if (result !== 0) code = result
  }
  if (args.includes('--record') && code === 0) code = runNode([join(DIST, REPORT)], { env })
  return code
}

/**
 * The benchmarks that the words select. Without words, all benchmarks that do not take minutes.
 *
 * @param {readonly string[]} files
 * @param {readonly string[]} words
 */
export function selectBenchmarks(files, words) {
  return files.filter((file) => {
    const name = nameOf(file)
    if (!file.endsWith(SUFFIX)) return words.includes(name)
    return words.length === 0 || words.some((word) => name.includes(word))
  })
}

const DIST = join(ROOT, 'bench/dist')
const SUFFIX = '.bench.js'
const REPORT = 'report.js'

function benchmarks() {
  return isDirectory(DIST)
    ? readdirSync(DIST)
        .filter((file) => file.endsWith('.js'))
        .sort()
    : []
}

function nameOf(/** @type {string} */ file) {
  return basename(basename(file, '.js'), '.bench')
}
