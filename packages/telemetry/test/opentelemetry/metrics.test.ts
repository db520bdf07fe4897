import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { openTelemetryMetrics } from '@shardyfusion/telemetry/opentelemetry'
import { rejectsWith } from '@shardyfusion/test-support/throws'

function started(t: TestContext) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const metrics = openTelemetryMetrics({ meterProvider })
  t.after(async () => {
    metrics.close()
    await meterProvider.shutdown()
  })
  const collect = async () => {
    exporter.reset()
    await meterProvider.forceFlush()
    const all = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: found }) => found))
    return (name: string, attributes: Record<string, string> = {}) => {
      const metric = all.find(({ descriptor }) => descriptor.name === name)
      const point = metric?.dataPoints.find((candidate) =>
        Object.entries(attributes).every(
          ([label, wanted]) => candidate.attributes[label] === wanted,
        ),
      )
      return { unit: metric?.descriptor.unit, value: point?.value }
    }
  }
  return { metrics, collect }
}

test('opentelemetry metrics: have the names and units of the Python project', async (t) => {
  const { collect } = started(t)
  const prefix = 'memory://otel-metrics'
  await writeSnapshot([[1, 'one']], { prefix, sharding: { shards: 1 }, values: 'utf8' })
  await using reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  await reader.get(1)
  await reader.get(2)
  await reader.getMany([1])
  const found = await collect()
  const at = { prefix }
  for (const [name, expected] of [
    ['writes_started', 1],
    ['writes_completed', 1],
    ['shard_writes_completed', 1],
    ['batches_written', 1],
    ['reader_gets', 2],
    ['reader_multi_gets', 1],
    ['reader_hits', 2],
    ['readers', 1],
  ] as const) {
    assert.equal(found(`shardyfusion.${name}`, at).value, expected, name)
  }
  assert.equal(found('shardyfusion.rate_limiter_denied').value, 0)
  for (const name of ['write_duration', 'shard_write_duration', 'reader_multi_get_duration']) {
    const { unit, value } = found(`shardyfusion.${name}`, at)
    assert.equal(unit, 's')
    const { count, sum } = value as { count: number; sum: number }
    assert.equal(count, 1, name)
    assert.ok(sum > 0 && sum < 60, name)
  }
  const waited = found('shardyfusion.reader_get_duration', { ...at, source: 'storage' }).value
  assert.ok((waited as { count: number }).count >= 1)
})

test('opentelemetry metrics: closing ends them, and another exporter may follow', async (t) => {
  const first = started(t)
  first.metrics.close()
  first.metrics.close()
  const second = started(t)
  const prefix = 'memory://otel-metrics-closed'
  await writeSnapshot([[1, 'one']], { prefix, sharding: { shards: 1 }, values: 'utf8' })
  await using reader = await SnapshotReader.open({ prefix })
  await reader.get(1)
  const at = { prefix }
  assert.equal((await first.collect())('shardyfusion.reader_gets', at).value, undefined)
  assert.equal((await second.collect())('shardyfusion.reader_gets', at).value, 1)
})

test('opentelemetry metrics: options are checked', async () => {
  await rejectsWith('SHARD_INVALID_OPTION', /meter provider/, () =>
    openTelemetryMetrics({ meterProvider: {} as never }),
  )
})
