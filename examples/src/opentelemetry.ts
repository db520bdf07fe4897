// Exports metrics and spans of a reader with the SDK of OpenTelemetry to the console: node examples/dist/opentelemetry.js
// #region start
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ConsoleSpanExporter,
} from '@opentelemetry/sdk-trace-base'
import { openTelemetryMetrics, openTelemetryTraces } from '@shardyfusion/telemetry/opentelemetry'
// #endregion
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { type Main, runIfMain } from './support/program.js'

export const main: Main = async () => {
  // #region start
  // Programs that use @opentelemetry/sdk-node have global providers and need none of these.
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() })],
  })
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new BatchSpanProcessor(new ConsoleSpanExporter())],
  })
  const metrics = openTelemetryMetrics({ meterProvider })
  const traces = openTelemetryTraces({ tracerProvider })
  // #endregion

  const prefix = 'memory://opentelemetry-example'
  await writeSnapshot([[1, 'one']], { prefix, sharding: { shards: 1 }, values: 'utf8' })
  const reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  await reader.getMany([1, 2])

  await meterProvider.forceFlush()
  await reader.close()
  traces.close()
  metrics.close()
  await tracerProvider.shutdown()
  await meterProvider.shutdown()
}

await runIfMain(import.meta.url, main)
