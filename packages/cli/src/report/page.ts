import { cellText } from '../output/csv-text.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'
import { element, escapeHtml } from './markup.js'
import type { ReportData } from './report-data.js'
import {
  buildTimesSection,
  bytesSection,
  card,
  publicationsSection,
  keysSection,
  longDate,
  rowsSection,
  skewSection,
  timingsSection,
} from './sections.js'
import { spreadOf } from './stats.js'
import { STYLE_SHEET } from './style-sheet.js'

/** Rows of the table of shards; the file is to stay one that opens at once. */
const MAX_TABLE_ROWS = 1000

/** The whole report as one HTML document that asks for nothing else. */
export function reportPage(data: ReportData): string {
  const { title, prefix, info } = data
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>
${STYLE_SHEET}
</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p><code>${escapeHtml(prefix)}</code>, run <code>${escapeHtml(info.runId)}</code>, published ${longDate(Date.parse(info.publishedAt))}</p>
</header>
${tiles(data)}
<div class="cards">
${[rowsSection, bytesSection, skewSection, keysSection, timingsSection, buildTimesSection, publicationsSection, factsTable].map((make) => make(data)).join('\n')}
${historyTable(data)}
${shardTable(data)}
</div>
<footer>Made by shardy ${escapeHtml(data.version)} on ${longDate(data.madeAt)}. Pointing at a bar says more about it.</footer>
</main>
</body>
</html>
`
}

function tiles({ info, shards, runs, madeAt }: ReportData): string {
  const rows = spreadOf(shards.map((shard) => shard.rows))
  const bytes = spreadOf(shards.map((shard) => shard.bytes))
  const empty = shards.filter(({ isEmpty }) => isEmpty).length
  const buildMs = runs.find(({ isShown }) => isShown)?.buildMs
  const all: (readonly [string, string, string])[] = [
    ['Rows', formatCount(info.rowCount), 'as they were written'],
    [
      'Size',
      bytes.total === 0 ? 'unknown' : formatBytes(bytes.total),
      perRow(bytes.total, rows.total),
    ],
    [
      'Shards',
      formatCount(shards.length),
      empty === 0 ? 'none of them empty' : `${formatCount(empty)} empty`,
    ],
    ['Largest shard', `${rows.skew.toFixed(2)}×`, 'the mean, in rows'],
    ['Age', formatMs(Math.max(0, madeAt - Date.parse(info.publishedAt))), 'when this was made'],
    ...(buildMs === undefined
      ? []
      : [['Built in', formatMs(buildMs), rate(rows.total, buildMs)] as const]),
  ]
  const each = all.map(([name, value, note]) =>
    element(
      'div',
      { class: 'tile' },
      `${element('dt', {}, escapeHtml(name))}<dd>${escapeHtml(value)}${element('small', {}, escapeHtml(note))}</dd>`,
    ),
  )
  return element('dl', { class: 'tiles' }, each.join(''))
}

function perRow(bytes: number, rows: number): string {
  return bytes === 0 || rows === 0
    ? 'in storage'
    : `${formatBytes(Math.round(bytes / rows))} per row`
}

function rate(rows: number, ms: number): string {
  return `${formatCount(Math.round((rows * 1000) / Math.max(1, ms)))} rows/s`
}

function historyTable({ runs }: ReportData): string {
  const rows = runs
    .toReversed()
    .map((run) => [
      longDate(run.publishedAt),
      element('span', { class: 'mono' }, escapeHtml(run.runId)) +
        (run.isCurrent ? ' <span class="badge">current</span>' : '') +
        (run.isShown && !run.isCurrent ? ' <span class="badge plain">this report</span>' : ''),
      run.rows === undefined ? '' : formatCount(run.rows),
      run.bytes === undefined || run.bytes === 0 ? '' : formatBytes(run.bytes),
      run.shards === undefined ? '' : formatCount(run.shards),
      run.buildMs === undefined ? '' : formatMs(run.buildMs),
    ])
  const titles = ['published', 'run', '#rows', '#size', '#shards', '#built in']
  return card('History', '', table(titles, rows), true)
}

function factsTable({ info }: ReportData): string {
  const facts: [string, string][] = [
    ['Sharding', `${info.sharding} (${info.hashAlgorithm})`],
    ['Keys', info.keyEncoding],
    ['Manifest', info.manifestRef],
    ['Made', longDate(Date.parse(info.createdAt))],
    ...Object.entries(info.custom).map(([name, value]): [string, string] => [
      name,
      cellText(value as Parameters<typeof cellText>[0]),
    ]),
  ]
  const rows = facts.map(([name, value]) => [
    escapeHtml(name),
    element('span', { class: 'mono' }, escapeHtml(value)),
  ])
  return card('Facts', 'as its manifest has them', table(['fact', 'value'], rows))
}

function shardTable({ shards }: ReportData): string {
  const shown = shards.slice(0, MAX_TABLE_ROWS)
  const rows = shown.map(
    ({ id, rows: count, bytes, minKey, maxKey, durationMs, attempt, isEmpty }) => [
      String(id),
      formatCount(count),
      bytes === 0 ? '' : formatBytes(bytes),
      mono(cellText(minKey)),
      mono(cellText(maxKey)),
      durationMs === 0 ? '' : formatMs(durationMs),
      isEmpty ? 'empty' : String(attempt + 1),
    ],
  )
  const left = shards.length - shown.length
  const titles = ['#shard', '#rows', '#size', 'first key', 'last key', '#built in', '#attempts']
  const note =
    left === 0
      ? ''
      : element('p', {}, `The first ${MAX_TABLE_ROWS} of ${formatCount(shards.length)}.`)
  const content = element(
    'details',
    {},
    element('summary', {}, 'All shards') + note + table(titles, rows),
  )
  return element('section', { class: 'wide' }, content)
}

function mono(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 39)}…` : text
  return element('span', { class: 'mono' }, escapeHtml(short))
}

/** Cells are markup; `#` before a title makes a column of numbers. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const kind = titles.map((title) => (title.startsWith('#') ? 'number' : undefined))
  const head = titles.map((title, i) =>
    element('th', { class: kind[i] }, escapeHtml(title.replace(/^#/, ''))),
  )
  const body = rows.map((cells) =>
    element('tr', {}, cells.map((cell, i) => element('td', { class: kind[i] }, cell)).join('')),
  )
  return element(
    'div',
    { class: 'scroll' },
    `<table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`,
  )
}
