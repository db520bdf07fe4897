import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  memoryStore,
  ShardReader,
  ShardWriter,
  SnapshotReader,
  updateSnapshot,
  writeSnapshot,
} from '@shardyfusion/core'
import { faultyStore } from '@shardyfusion/core/testing'
import { SnapshotReaderSync } from '@shardyfusion/sync'
import {
  prometheusMetrics,
  type PrometheusMetricsOptions,
} from '@shardyfusion/telemetry/prometheus'
import { Registry } from 'prom-client'
import { parse } from 'valibot'
import { metricsEntries } from '#dist/metrics/metrics-options.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { parseMetrics, type Sample } from '../support/parse-metrics.js'

let prefixes = 0

async function published(rows = 20): Promise<string> {
  const prefix = `memory://prometheus-${++prefixes}`
  await publish(prefix, rows)
  return prefix
}

function publish(prefix: string, rows: number) {
  const records = Array.from({ length: rows }, (_, i) => [i, `value ${i}`] as const)
  return writeSnapshot(records, { prefix, sharding: { shards: 2 }, values: 'utf8' })
}

function started(t: TestContext, options: PrometheusMetricsOptions = {}) {
  const metrics = prometheusMetrics({ registry: new Registry(), ...options })
  t.after(() => metrics.close())
  const samples = async (): Promise<Sample[]> => parseMetrics(await metrics.text())
  const value = async (
    name: string,
    labels: Record<string, string> = {},
  ): Promise<number | undefined> =>
    (await samples()).find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted),
    )?.value
  return { metrics, samples, value }
}

test('prometheus: counts lookups, scans, refreshes and errors of a reader by prefix', async (t) => {
  const { value } = started(t)
  const prefix = await published()
  await using reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  await reader.get(1)
  await reader.get(1)
  await reader.get(99)
  await reader.getMany([1, 2, 98])
  for await (const _ of reader.scanIter()) continue
  await reader.refresh()
  await assert.rejects(reader.get(-1))
  const at = { prefix }
  for (const [name, expected] of [
    ['shardyfusion_reader_gets_total', 4],
    ['shardyfusion_reader_multi_gets_total', 1],
    ['shardyfusion_reader_keys_total', 7],
    ['shardyfusion_reader_hits_total', 4],
    ['shardyfusion_reader_misses_total', 2],
    ['shardyfusion_reader_scans_total', 1],
    ['shardyfusion_reader_scan_entries_total', 20],
    ['shardyfusion_readers', 1],
    ['shardyfusion_snapshot_rows', 20],
    ['shardyfusion_snapshot_fell_back', 0],
    ['shardyfusion_reader_opens_total', 1],
    ['shardyfusion_reader_multi_get_duration_seconds_count', 1],
    ['shardyfusion_reader_scan_duration_seconds_count', 1],
    ['shardyfusion_writes_started_total', 1],
    ['shardyfusion_writes_completed_total', 1],
    ['shardyfusion_rows_written_total', 20],
    ['shardyfusion_write_duration_seconds_count', 1],
    ['shardyfusion_shard_writes_completed_total', 2],
    ['shardyfusion_shard_write_duration_seconds_count', 2],
    ['shardyfusion_batches_written_total', 2],
  ] as const) {
    assert.equal(await value(name, at), expected, name)
  }
  const { runId } = reader.info()
  assert.equal(await value('shardyfusion_snapshot_info', { ...at, run_id: runId }), 1)
  const refreshes = 'shardyfusion_reader_refreshes_total'
  assert.equal(await value(refreshes, { ...at, outcome: 'unchanged' }), 1)
  assert.equal(await value(refreshes, { ...at, outcome: 'moved' }), 0)
  const errors = 'shardyfusion_reader_errors_total'
  assert.equal(await value(errors, { ...at, code: 'SHARD_INVALID_KEY' }), 1)
  assert.equal(await value('shardyfusion_rate_limiter_denied_total'), 0)
  const requests = await value('shardyfusion_store_request_duration_seconds_count', {
    operation: 'get',
    outcome: 'ok',
  })
  assert.ok(requests! > 0)
})

test('prometheus: an update counts as a build', async (t) => {
  const prefix = await published()
  const { value } = started(t)
  await updateSnapshot([[1, 'new']] as const, { prefix, values: 'utf8' })
  const objects = faultyStore(memoryStore(prefix.slice('memory://'.length)), {
    strikes: ({ operation, url }) => operation === 'put' && url.endsWith('/_CURRENT'),
    times: Infinity,
  })
  await assert.rejects(updateSnapshot([[1, 'newer']] as const, { prefix, values: 'utf8', objects }))
  const counts = ['started', 'completed', 'failed'].map((state) =>
    value(`shardyfusion_writes_${state}_total`, { prefix }),
  )
  assert.deepEqual(await Promise.all(counts), [2, 1, 1])
})

test('prometheus: the counters of closed readers stay, and a second scrape counts nothing twice', async (t) => {
  const { value } = started(t)
  const prefix = await published()
  for (const _ of [1, 2]) {
    await using reader = await SnapshotReader.open({ prefix })
    await reader.get(1)
    await value('shardyfusion_reader_gets_total', { prefix })
  }
  assert.equal(await value('shardyfusion_reader_gets_total', { prefix }), 2)
  assert.equal(await value('shardyfusion_readers', { prefix }), undefined)
})

test('prometheus: readers that were open before are exported, and readers of one prefix together', async (t) => {
  const prefix = await published()
  await using first = await SnapshotReader.open({ prefix })
  await using second = await SnapshotReader.open({ prefix })
  await first.get(1)
  const { value } = started(t)
  await second.get(1)
  assert.equal(await value('shardyfusion_readers', { prefix }), 2)
  assert.equal(await value('shardyfusion_reader_gets_total', { prefix }), 2)
  assert.equal(await value('shardyfusion_snapshot_rows', { prefix }), 20)
})

test('prometheus: a histogram of gets has as many as there were gets', async (t) => {
  const { samples } = started(t)
  const prefix = await published()
  await using reader = await SnapshotReader.open({ prefix })
  const gets = 10_000
  for (let i = 0; i < gets; i++) await reader.get(i % 20)
  const name = 'shardyfusion_reader_get_duration_seconds'
  const all = (await samples()).filter((sample) => sample.labels['prefix'] === prefix)
  const counts = all.filter((sample) => sample.name === `${name}_count`)
  const sum = counts.reduce((total, { value }) => total + value, 0)
  // The last sample is at most 127 lookups old.
  assert.ok(gets - sum >= 0 && gets - sum <= 127, `${sum} of ${gets}`)
  for (const { labels, value } of counts) {
    const buckets = all.filter(
      (sample) => sample.name === `${name}_bucket` && sample.labels['source'] === labels['source'],
    )
    const values = buckets.map((bucket) => bucket.value)
    assert.deepEqual(
      values,
      values.toSorted((a, b) => a - b),
      'buckets are cumulative',
    )
    assert.equal(buckets.at(-1)!.labels['le'], '+Inf')
    assert.equal(buckets.at(-1)!.value, value)
  }
})

test('prometheus: readers without await are exported', async (t) => {
  const { value } = started(t)
  const prefix = tempPrefix()
  await publish(prefix, 20)
  using reader = SnapshotReaderSync.open({ prefix })
  reader.get(1)
  reader.get(1)
  assert.equal(await value('shardyfusion_reader_gets_total', { prefix }), 2)
  assert.ok((await value('shardyfusion_reader_store_requests_total', { prefix }))! > 0)
})

test('prometheus: labels have no secrets, and there are at most maxPrefixes', async (t) => {
  const { samples } = started(t, { maxPrefixes: 2, prefixLabel: (prefix) => prefix.slice(9) })
  const names: string[] = []
  const open: SnapshotReader[] = []
  t.after(() => Promise.all(open.map((reader) => reader.close())))
  for (let i = 0; i < 4; i++) {
    const prefix = await published()
    names.push(prefix.slice(9))
    open.push(await SnapshotReader.open({ prefix }))
  }
  const labels = new Set(
    (await samples()).flatMap(({ labels: { prefix } }) => (prefix === undefined ? [] : [prefix])),
  )
  assert.deepEqual(labels, new Set([names[0], names[1], 'other']))
  for (const [prefix, label] of [
    ['https://user:pa/ss@host/a@b', 'https://***@b'],
    ['https://user:pass@host/a?sig=1', 'https://***@host/a?***'],
    ['s3://bucket/prices', 's3://bucket/prices'],
  ] as const) {
    assert.equal(parse(metricsEntries.prefixLabel, undefined)(prefix), label)
  }
})

test('prometheus: a registry takes one exporter, and another one after it is closed', async (t) => {
  const { metrics } = started(t)
  const { registry } = metrics
  await rejectsWith('SHARD_INVALID_OPTION', /already has the metric/, () =>
    prometheusMetrics({ registry }),
  )
  const other = prometheusMetrics({ registry, namePrefix: 'other_' })
  other.close()
  metrics.close()
  metrics.close()
  assert.deepEqual(registry.getMetricsAsArray(), [])
  prometheusMetrics({ registry }).close()
  await rejectsWith('SHARD_INVALID_OPTION', /metric name/, () =>
    prometheusMetrics({ namePrefix: '1-' }),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /registrie/, () =>
    prometheusMetrics({ registrie: 1 } as never),
  )
})

test('prometheus: OpenMetrics names counters as its rules say', async (t) => {
  const registry = new Registry()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
  const { metrics } = started(t, { registry })
  const prefix = await published()
  await using reader = await SnapshotReader.open({ prefix })
  await reader.get(1)
  for (const _ of [1, 2]) {
    const text = await metrics.text()
    assert.match(text, /^# TYPE shardyfusion_reader_gets counter$/m)
    assert.match(text, /^shardyfusion_reader_gets_total\{prefix="[^"]+"\} 1$/m)
    assert.doesNotMatch(text, /_total_total/)
    assert.match(text, /# EOF\n$/)
  }
})

test('prometheus: a reader of one shard is counted by its URL, without metrics of a snapshot', async (t) => {
  const { value, samples } = started(t)
  const url = tempPrefix()
  const writer = await ShardWriter.open({ url })
  await writer.put(1, Buffer.from('one'))
  await writer.seal()
  await writer.close()
  const reader = await ShardReader.open({ url })
  await reader.get(1)
  await reader.get(2)
  const at = { prefix: url }
  const counts = async () => [
    await value('shardyfusion_reader_opens_total', at),
    await value('shardyfusion_reader_gets_total', at),
    await value('shardyfusion_reader_hits_total', at),
    await value('shardyfusion_reader_get_duration_seconds_count', { ...at, source: 'storage' }),
  ]
  assert.equal(await value('shardyfusion_readers', at), 1)
  const [opens, gets, hits, waited] = await counts()
  assert.deepEqual([opens, gets, hits], [1, 2, 1])
  const names = (await samples()).filter(({ labels }) => labels['prefix'] === url)
  assert.deepEqual(
    names.filter(({ name }) => name.includes('_snapshot_')),
    [],
  )
  await reader.close()
  assert.equal(await value('shardyfusion_readers', at), undefined)
  assert.deepEqual(await counts(), [opens, gets, hits, waited])
})
