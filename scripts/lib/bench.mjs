import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from './build.mjs'
import { runNode, Stop } from './exec.mjs'
import { isDirectory, ROOT } from './paths.mjs'

/** The effect of a flag of `npm run bench` on the benchmarks. */
const FLAGS = { '--short': 'BENCH_SHORT', '--record': 'BENCH_RECORD' }

/**
 * Builds, then runs `bench/src/*.bench.ts` one after the other, or those whose name contains a word.
 * Files in the same folder without `.bench` in their name take minutes: they run only when named in full.
 *
 * `--short` runs long enough to show that a benchmark works, and too short to compare. `--record` stores the
 * figures in `bench/results` and writes the report. Other options are passed to the benchmarks.
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
    throw new Stop(`bench: nothing matches "${words.join(' ')}"; there is: ${names || 'none yet'}`)
  }
  let code = 0
  for (const file of chosen) {
    console.log(`\n${nameOf(file)}`)
    // The collector is exposed so that a benchmark can start each measurement from a clean heap.
    const result = runNode(['--expose-gc', join(DIST, file), ...options], { env })
    if (result !== 0) code = result
  }
  if (args.includes('--record') && code === 0) code = runNode([join(DIST, REPORT)], { env })
  return code
}

/**
 * The benchmarks the words name, or without words those that do not take minutes.
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
