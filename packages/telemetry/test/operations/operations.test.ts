import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ALL_INSTRUMENTS } from '#dist/metrics/instruments.js'
import { metricName } from '#dist/prometheus/metric-name.js'
import { dashboardQueries } from '../support/dashboard-queries.js'

const ALERTS = fileURLToPath(new URL('../../operations/alerts.yml', import.meta.url))
const DASHBOARD = new URL('../../operations/grafana-dashboard.json', import.meta.url)

/** The names that a scrape has, with those of the parts of histograms. */
const exported = new Set(
  ALL_INSTRUMENTS.flatMap((instrument) => {
    const name = metricName(instrument, 'shardyfusion_')
    return instrument.kind === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((part) => `${name}${part}`)
      : [name]
  }),
)
const labels = new Set(['le', ...ALL_INSTRUMENTS.flatMap((instrument) => instrument.labels)])

/** Returns the metrics of an expression that no exporter has. */
function unknownNames(text: string): string[] {
  return [...text.matchAll(/\bshardyfusion_\w+/g)]
    .map(([name]) => name)
    .filter((name) => !exported.has(name))
}

test('dashboard: every metric and label of its queries is exported', () => {
  const queries = dashboardQueries(readFileSync(DASHBOARD, 'utf8'))
  assert.ok(queries.length > 50)
  for (const { expr, title } of queries) {
    assert.deepEqual(unknownNames(expr), [], title)
    assert.match(expr, /shardyfusion_/, title)
    for (const [, list] of expr.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of list!.split(/,\s*/)) assert.ok(labels.has(label), `${title}: ${label}`)
    for (const [, label] of expr.matchAll(/[{,](\w+)[=!]~?"/g))
      assert.ok(labels.has(label!), `${title}: ${label}`)
  }
})

test('dashboard: panels have distinct ids, and do not overlap', () => {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
    panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[]
  }
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  const cells = new Set<string>()
  for (const { gridPos: at } of panels) {
    assert.ok(at.x + at.w <= 24)
    for (let x = at.x; x < at.x + at.w; x++) {
      for (let y = at.y; y < at.y + at.h; y++) {
        assert.ok(!cells.has(`${x} ${y}`), `${x} ${y}`)
        cells.add(`${x} ${y}`)
      }
    }
  }
})

test('dashboard: a wrong name would be noticed', () => {
  assert.deepEqual(unknownNames('rate(shardyfusion_reader_gets[1m])'), ['shardyfusion_reader_gets'])
})

test('alerts: every metric of the rules is exported', () => {
  assert.deepEqual(unknownNames(readFileSync(ALERTS, 'utf8')), [])
})

test('alerts: promtool accepts the rules', async (t) => {
  try {
    const { stdout } = await promisify(execFile)('promtool', ['check', 'rules', ALERTS])
    assert.match(stdout, /SUCCESS: 11 rules found/)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    assert.notEqual(
      process.env['SHARDYFUSION_REQUIRE_PROMETHEUS'],
      '1',
      'promtool is not installed',
    )
    t.skip('needs promtool of Prometheus')
  }
})

test('alerts: fire for damaged manifests, old snapshots and failing calls, and not for bad keys', async (t) => {
  try {
    const rules = fileURLToPath(new URL('../../test/operations/alerts.test.yml', import.meta.url))
    const { stdout } = await promisify(execFile)('promtool', ['test', 'rules', rules])
    assert.match(stdout, /SUCCESS/)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    assert.notEqual(
      process.env['SHARDYFUSION_REQUIRE_PROMETHEUS'],
      '1',
      'promtool is not installed',
    )
    t.skip('needs promtool of Prometheus')
  }
})
