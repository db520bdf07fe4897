import { mkdirSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { environment, load } from './environment.js'
import { SHORT } from './short.js'

const results: object[] = []
const before = environment()

/** Adds a result to the record of this run, which `--record` stores. */
export function record(result: object): void {
  results.push(result)
}

// Store the record at exit, so that it is complete or absent.
process.once('exit', (code) => {
  if (code !== 0 || SHORT || process.env['BENCH_RECORD'] !== '1' || results.length === 0) return
  const folder = new URL('../../results/', import.meta.url)
  const name = basename(process.argv[1] ?? '').replace(/(\.bench)?\.js$/, '')
  const content = { date: new Date().toISOString(), ...before, loadAtEnd: load(), results }
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(content, undefined, 2)}\n`)
})
