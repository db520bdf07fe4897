// Metrics for Prometheus, through prom-client.
export {
  type PrometheusMetrics,
  prometheusMetrics,
  type PrometheusMetricsOptions,
} from './prometheus/prometheus-metrics.js'
export type { MetricsOptions } from './metrics/metrics-options.js'
