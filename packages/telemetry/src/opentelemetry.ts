// Metrics and traces for OpenTelemetry. The program chooses and starts the SDK.
export {
  openTelemetryMetrics,
  type OpenTelemetryMetricsOptions,
} from './opentelemetry/otel-metrics.js'
export {
  openTelemetryTraces,
  type OpenTelemetryTracesOptions,
} from './opentelemetry/otel-traces.js'
export type { MetricsOptions } from './metrics/metrics-options.js'
