import type {
  RecordedComparison,
  RecordedMemory,
  RecordedTarget,
  RecordedTraffic,
  Run,
} from './recorded.js'

type Row = readonly (string | number)[]

/** A Markdown table. Numeric columns are right-aligned. */
function table(head: readonly string[], rows: readonly Row[]): string {
  const rule = head.map((_, i) =>
    rows.every((row) => typeof row[i] === 'number') ? '---:' : '---',
  )
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

export function targetTable(targets: readonly RecordedTarget[]): string {
  return table(
    ['what', 'measured', 'promised', ''],
    targets.map(({ target, value, unit, atLeast, atMost, held }) => [
      target,
      `${value} ${unit}`,
      atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`,
      held ? 'held' : '**missed**',
    ]),
  )
}

export function comparisonTable({ unit, timings }: RecordedComparison): string {
  const isPartial = timings.some(({ recall }) => recall !== undefined)
  const head = ['', `µs a ${unit}`, 'µs of CPU', 'times as fast', 'lowest to highest']
  return table(
    isPartial ? [...head, 'recall'] : head,
    timings.map(({ name, wall, cpu, speed, recall }, i) => [
      name,
      wall,
      cpu ?? '',
      i === 0 ? 1 : speed.median,
      i === 0 ? '' : `${speed.range[0]} to ${speed.range[1]}`,
      ...(isPartial ? [recall ?? ''] : []),
    ]),
  )
}

export function trafficTable(traffic: readonly RecordedTraffic[]): string {
  return table(
    ['', 'reads', 'lists', 'writes', 'round trips', 'KB read', 'ms'],
    traffic.map(({ what, reads, lists, writes, roundTrips, bytesRead, ms }) => [
      what,
      reads,
      lists,
      writes,
      roundTrips,
      Math.round(bytesRead / 1000),
      ms,
    ]),
  )
}

export function memoryTable(memory: readonly RecordedMemory[]): string {
  return table(
    ['', 'rows', 'shards', 'MB resident at most'],
    memory.map((m) => [m.memory, m.rows.toLocaleString('en'), m.shards, m.peakMB]),
  )
}

/** The date and environment of a run. */
export function circumstances({ date, commit, node, cpu, cores, memoryGiB, load }: Run): string {
  return (
    `${date.slice(0, 10)}, commit ${commit}, Node ${node.replace('v', '')}, ${cores} cores of ${cpu}, ` +
    `${memoryGiB} GiB, load ${load} at the beginning`
  )
}
