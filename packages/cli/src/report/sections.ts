import { cellText } from '../output/csv-text.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'
import { byteTicks, shortCount, ticks, timeTicks } from './axis.js'
import { type Bar, barChart } from './bar-chart.js'
import { between, keyPlace } from './key-places.js'
import { deviationChart, percent } from './deviation-chart.js'
import { element, escapeHtml } from './markup.js'
import { rangeChart } from './range-chart.js'
import type { ReportData, ReportRun, ReportShard } from './report-data.js'
import { type Spread, spreadOf } from './stats.js'

/** Maximum number of bars; more shards are grouped. */
const MAX_BARS = 160
const MAX_RANGES = 64
/** If each shard covers more than this part of the keys, a chart of ranges shows nothing. */
const SEPARATE = 0.9
/** Values above this multiple of the mean are highlighted. */
const NOTABLE = 1.5

/** A section is empty text if its chart would say nothing. */
export function rowsSection({ shards }: ReportData): string {
  if (shards.length < 2) return ''
  const spread = spreadOf(shards.map(({ rows }) => rows))
  return card(
    'Rows per shard',
    `mean ${formatCount(Math.round(spread.mean))}, from ${formatCount(spread.min)} to ${formatCount(spread.max)}`,
    barChart({
      name: 'Rows per shard',
      bars: shardBars(
        shards,
        ({ rows }) => rows,
        spread,
        (rows) => `${formatCount(rows)} rows`,
      ),
      ticks: ticks(spread.max),
      tickLabel: shortCount,
      mark: { value: spread.mean, label: 'mean' },
      axis: shardAxis(shards),
    }),
  )
}

export function bytesSection({ shards }: ReportData): string {
  const spread = spreadOf(shards.map(({ bytes }) => bytes))
  if (spread.total === 0 || shards.length < 2) return ''
  return card(
    'Bytes per shard',
    `mean ${formatBytes(Math.round(spread.mean))}, from ${formatBytes(spread.min)} to ${formatBytes(spread.max)}`,
    barChart({
      name: 'Bytes per shard',
      bars: shardBars(shards, ({ bytes }) => bytes, spread, formatBytes),
      ticks: byteTicks(spread.max),
      tickLabel: (bytes) => formatBytes(bytes).replace(/\.0{1,2} /, ' '),
      mark: { value: spread.mean, label: 'mean' },
      axis: shardAxis(shards),
    }),
  )
}

/** The deviation of each shard from the mean, largest first. */
export function skewSection({ shards }: ReportData): string {
  const rows = spreadOf(shards.map((shard) => shard.rows))
  if (rows.total === 0 || shards.length < 2) return ''
  const sorted = shards.toSorted((a, b) => b.rows - a.rows)
  const deviations = grouped(sorted).map((group) => {
    const part = group[0]!.rows / rows.mean - 1
    const first = shardName(group[0]!)
    const which = group.length === 1 ? first : `${first} and smaller ones`
    return {
      part,
      hint: `${which}: ${percent(Math.abs(part))} ${part < 0 ? 'below' : 'above'} the mean`,
    }
  })
  return card(
    'Skew',
    `largest ${rows.skew.toFixed(2)} × the mean, standard deviation ${percent(rows.variation)} of it`,
    deviationChart(
      'Rows of shards above and below the mean, largest first',
      deviations,
      NOTABLE - 1,
      'shards, largest first',
    ),
  )
}

/** Only if the expression separates keys: a hash spreads all keys over all shards, and so may an expression. */
export function keysSection({ shards, info }: ReportData): string {
  const known = shards.filter(({ minKey, maxKey }) => minKey !== undefined && maxKey !== undefined)
  if (known.length < 2 || info.sharding === 'hash') return ''
  const shown = evenly(known, MAX_RANGES)
  const firsts = known.map(({ minKey }) => minKey!).toSorted(byPlace)
  const lasts = known.map(({ maxKey }) => maxKey!).toSorted(byPlace)
  const [first, last] = [firsts[0]!, lasts.at(-1)!]
  const [start, end] = [keyPlace(first), keyPlace(last)]
  const widths = known.map(
    ({ minKey, maxKey }) =>
      between(keyPlace(maxKey!), start, end) - between(keyPlace(minKey!), start, end),
  )
  if (Math.min(...widths) > SEPARATE) return ''
  const left = known.length - shown.length
  const note = 'from the first to the last key of each shard'
  return card(
    'Key ranges',
    left === 0 ? note : `${note}; ${shown.length} of ${known.length} shards are shown`,
    rangeChart({
      name: 'First and last key of every shard',
      ranges: shown.map((shard) => ({
        label: shard.value ?? String(shard.id),
        from: between(keyPlace(shard.minKey!), start, end),
        to: between(keyPlace(shard.maxKey!), start, end),
        hint: `${shardName(shard)}: ${short(shard.minKey)} to ${short(shard.maxKey)}`,
      })),
      first: short(first),
      last: short(last),
    }),
  )
}

export function timingsSection({ shards }: ReportData): string {
  const spread = spreadOf(
    shards.filter(({ isEmpty }) => !isEmpty).map(({ durationMs }) => durationMs),
  )
  if (spread.total === 0 || shards.length < 2) return ''
  const again = shards.filter(({ attempt }) => attempt > 0).length
  const tries =
    again === 0 ? 'all in the first attempt' : `${again} shards needed more than one attempt`
  return card(
    'Build time per shard',
    `mean ${formatMs(spread.mean)}, longest ${formatMs(spread.max)}; ${tries}`,
    barChart({
      name: 'Build time per shard',
      bars: shardBars(shards, ({ durationMs }) => durationMs, spread, formatMs),
      ticks: timeTicks(spread.max),
      tickLabel: shortTime,
      axis: shardAxis(shards),
    }),
  )
}

export function buildTimesSection({ runs }: ReportData): string {
  const longest = Math.max(0, ...runs.map(({ buildMs }) => buildMs ?? 0))
  if (longest === 0 || runs.length < 2) return ''
  const label = labelOf(runs)
  return card(
    'Build times',
    'from the start of a run to its publication',
    barChart({
      name: 'Build time of each publication',
      bars: runs.map((run) => runBar(run, run.buildMs, formatMs, label)),
      ticks: timeTicks(longest),
      tickLabel: shortTime,
    }),
  )
}

export function publicationsSection({ runs }: ReportData): string {
  if (runs.length < 2) return ''
  const most = Math.max(1, ...runs.map(({ rows }) => rows ?? 0))
  const label = labelOf(runs)
  return card(
    'Publications',
    `rows of the last ${runs.length}, oldest first; the current one is highlighted`,
    barChart({
      name: 'Rows of each publication',
      bars: runs.map((run) => runBar(run, run.rows, (rows) => `${formatCount(rows)} rows`, label)),
      ticks: ticks(most),
      tickLabel: shortCount,
    }),
  )
}

function runBar(
  run: ReportRun,
  value: number | undefined,
  show: (value: number) => string,
  label: (ms: number) => string,
): Bar {
  const what = value === undefined ? 'unknown' : show(value)
  return {
    label: label(run.publishedAt),
    value: value ?? 0,
    hint: `${run.runId}\n${longDate(run.publishedAt)}: ${what}${run.isCurrent ? ' (current)' : ''}`,
    tone: run.isCurrent ? 'accent' : 'bar',
  }
}

/** One bar per shard, or per group of shards if there are too many. */
function shardBars(
  shards: readonly ReportShard[],
  valueOf: (shard: ReportShard) => number,
  { mean }: Spread,
  show: (value: number) => string,
): Bar[] {
  return grouped(shards).map((group) => {
    const value = Math.max(...group.map(valueOf))
    return {
      label: group[0]!.value ?? String(group[0]!.id),
      value,
      hint: `${namesOf(group)}: ${group.length > 1 ? 'at most ' : ''}${show(value)}`,
      tone: toneOf(mean === 0 ? 1 : value / mean),
    }
  })
}

function toneOf(share: number): 'bar' | 'warn' {
  return share > NOTABLE ? 'warn' : 'bar'
}

function grouped(shards: readonly ReportShard[]): ReportShard[][] {
  const size = Math.max(1, Math.ceil(shards.length / MAX_BARS))
  const groups: ReportShard[][] = []
  for (let i = 0; i < shards.length; i += size) groups.push(shards.slice(i, i + size))
  return groups
}

function namesOf(group: readonly ReportShard[]): string {
  return group.length === 1 ? shardName(group[0]!) : `shards ${group[0]!.id} to ${group.at(-1)!.id}`
}

/** Values of the expression label the shards if each has one. */
function shardAxis(shards: readonly ReportShard[]): string {
  return shards[0]?.value === undefined ? 'shard' : 'value of the expression'
}

function shardName({ id, value }: ReportShard): string {
  return value === undefined ? `shard ${id}` : `shard ${id} (${value})`
}

function evenly<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count)
  const chosen: T[] = []
  for (let at = 0; at < items.length; at += step) chosen.push(items[Math.floor(at)]!)
  return chosen
}

function byPlace(a: bigint | string, b: bigint | string): number {
  const [x, y] = [keyPlace(a), keyPlace(b)]
  return x < y ? -1 : x > y ? 1 : 0
}

function short(key: bigint | string | undefined): string {
  const text = cellText(key)
  return text.length > 28 ? `${text.slice(0, 27)}…` : text
}

export function card(title: string, note: string, content: string, wide = false): string {
  const text = note === '' ? '' : element('p', {}, escapeHtml(note))
  const inner = content.startsWith('<svg') ? element('div', { class: 'chart' }, content) : content
  return element(
    'section',
    { class: wide ? 'wide' : undefined },
    element('h2', {}, escapeHtml(title)) + text + inner,
  )
}

function shortTime(ms: number): string {
  return ms === 0 ? '0' : formatMs(ms).replace(/\.0{1,2} /, ' ')
}

/** Labels with dates, or with times of day if all runs are on the same day. */
function labelOf(runs: readonly ReportRun[]): (ms: number) => string {
  const days = new Set(runs.map(({ publishedAt }) => shortDate(publishedAt)))
  return days.size > 1 ? shortDate : (ms) => new Date(ms).toISOString().slice(11, 16)
}

/** 21 Nov */
function shortDate(ms: number): string {
  const date = new Date(ms)
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`
}

/** 2026-11-21 06:29:41 UTC */
export function longDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
