import { basename, join } from 'node:path'
import { build } from './build.mjs'
import { runNode, Stop } from './exec.mjs'
import { filesBelow, ROOT } from './paths.mjs'

/**
 * Builds, then runs `bench/src/*.bench.ts` one after the other, or those whose name contains a word.
 * `--short` sets `BENCH_SHORT=1`: long enough to show that a benchmark works, too short to compare.
 *
 * @param {readonly string[]} args
 */
export function runBenchmarks(args) {
  build()
  const short = args.includes('--short')
  const words = args.filter((arg) => arg !== '--short')
  const all = filesBelow(join(ROOT, 'bench/dist')).filter((file) => file.endsWith('.bench.js'))
  const chosen = words.length === 0 ? all : all.filter((file) => matches(file, words))
  if (chosen.length === 0) {
    const names = all.map((file) => basename(file, '.bench.js')).join(', ')
    throw new Stop(`bench: nothing matches "${words.join(' ')}"; there is: ${names || 'none yet'}`)
  }
  let code = 0
  for (const file of chosen) {
    console.log(`\n${basename(file, '.bench.js')}`)
    // The collector is exposed so that a benchmark can start each measurement from a clean heap.
    const result = runNode(['--expose-gc', file], short ? { env: { BENCH_SHORT: '1' } } : {})
    if (result !== 0) code = result
  }
  return code
}

/**
 * @param {string} file
 * @param {readonly string[]} words
 */
function matches(file, words) {
  return words.some((word) => basename(file).includes(word))
}
