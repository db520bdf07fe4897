// Writes the report of the figures that `npm run bench -- --record` has stored: results/README.md, its charts, and the part
// of the repository's README between the marks. Runs after each recording, or as `npm run bench -- report`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { barChart } from './support/report/bar-chart.js'
import {
  circumstances,
  comparisonTable,
  memoryTable,
  targetTable,
  trafficTable,
} from './support/report/markdown.js'
import {
  comparisonsOf,
  memoryOf,
  readRun,
  type RecordedComparison,
  RESULTS,
  type Run,
  targetsOf,
  trafficOf,
} from './support/report/recorded.js'

const README = new URL('../../README.md', RESULTS)
const MARKED = /(<!-- benchmarks -->\n)[\s\S]*?(<!-- \/benchmarks -->)/
const OURS = /^Snapshot/

const promises = readRun('must-hold')
const latency = readRun('latency')
const memory = readRun('memory')
const peers = readRun('peers')
const others = ['scan', 'get', 'get-many', 'write', 'routing'].map(readRun)

const charts = [
  chart('get', 'get, one at a time', 'One lookup of a 100-byte value, warm', 'µs'),
  chart('scan', 'scan in key order', 'A row of a scan in key order, 100-byte values', 'µs'),
  chart('build', 'build', 'A row of a build, 100-byte values', 'µs'),
].filter((made) => made !== undefined)
for (const { file, svg } of charts) writeFileSync(new URL(file, RESULTS), svg)

writeFileSync(new URL('README.md', RESULTS), report())
if (existsSync(README)) {
  const before = readFileSync(README, 'utf8')
  const after = before.replace(MARKED, (_, begin: string, end: string) => begin + summary() + end)
  if (after !== before) writeFileSync(README, after)
}

/** A chart of one comparison with other stores, of those with 100-byte values. */
function chart(name: string, work: string, title: string, unit: string) {
  const comparison = comparisonsOf(peers).find(
    (made) => made.title.startsWith(`${work},`) && made.title.endsWith('of 100 bytes'),
  )
  if (comparison === undefined) return undefined
  const bars = comparison.timings.map((timing) => ({
    name: timing.name,
    value: timing.wall,
    isOurs: OURS.test(timing.name),
  }))
  const caption = `${unit} a ${comparison.unit}, less is better; ${comparison.title.replace(/^.*?, (?=\d)/, '')}`
  return { file: `${name}.svg`, title, svg: barChart({ title, caption, bars }) }
}

function report(): string {
  const parts = ['# Results', 'Made by `npm run bench -- --record`; do not edit.']
  if (promises !== undefined) {
    const targets = [...targetsOf(promises), ...targetsOf(latency)]
    parts.push('## What is promised', circumstances(promises), targetTable(targets))
  }
  for (const { file, title } of charts) parts.push(`![${title}](${file})`)
  if (latency !== undefined) {
    parts.push('## At 30 ms a request', circumstances(latency), trafficTable(trafficOf(latency)))
  }
  if (memory !== undefined) {
    parts.push('## Memory of a process', circumstances(memory), memoryTable(memoryOf(memory)))
  }
  parts.push(
    ...section('Compared with other stores', peers),
    ...section('The promises in detail', promises),
  )
  for (const run of others) {
    if (run !== undefined) parts.push(...section(`\`${run.name}\``, run))
  }
  return `${parts.join('\n\n')}\n`
}

function section(title: string, run: Run | undefined): string[] {
  if (run === undefined) return []
  const written = (comparison: RecordedComparison): string[] => [
    `### ${comparison.title}`,
    comparisonTable(comparison),
  ]
  return [`## ${title}`, circumstances(run), ...comparisonsOf(run).flatMap(written)]
}

/** The part of the report that the README shows. */
function summary(): string {
  const parts: string[] = []
  if (promises !== undefined) {
    parts.push(targetTable([...targetsOf(promises), ...targetsOf(latency)]))
  }
  for (const { file, title } of charts) parts.push(`![${title}](bench/results/${file})`)
  if (promises !== undefined) parts.push(`<sub>${circumstances(promises)}.</sub>`)
  return `\n${parts.join('\n\n')}\n\n`
}
