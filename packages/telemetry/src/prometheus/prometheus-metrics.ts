import { invalidOption, parseOptions } from '@shardyfusion/core/internal'
import { type Counter, register, type Registry } from 'prom-client'
import * as v from 'valibot'
import { ALL_INSTRUMENTS, type Instrument, type Labels } from '../metrics/instruments.js'
import { metricsEntries, type MetricsOptions } from '../metrics/metrics-options.js'
import { PrefixLabels } from '../metrics/prefix-labels.js'
import { type Point, ReaderTotals } from '../metrics/reader-totals.js'
import { recordEvents } from '../metrics/record-events.js'
import { Subscriptions } from '../metrics/subscriptions.js'
import { type Distribution, type Series, SeriesTable } from './series-table.js'
import { metricName } from './metric-name.js'

export interface PrometheusMetricsOptions extends MetricsOptions {
  /** The registry of prom-client; its global one by default. */
  registry?: Registry | undefined
  /** Starts the names of all metrics; `shardyfusion_` by default, as in the Python project. */
  namePrefix?: string | undefined
}

/** Metrics of the readers and builds of this process. */
export interface PrometheusMetrics {
  /** The registry that has the metrics. */
  readonly registry: Registry
  /** The value of the header `content-type` of a response. */
  readonly contentType: string
  /** Returns everything in the registry, in the text format of Prometheus. */
  text(): Promise<string>
  /** Stops, and removes the metrics from the registry; idempotent. */
  close(): void
}

const WHERE = 'prometheusMetrics'

const optionsSchema = v.strictObject({
  ...metricsEntries,
  registry: v.optional(
    v.custom<Registry>(
      (value) => typeof (value as Registry | null)?.registerMetric === 'function',
      'must be a registry of prom-client',
    ),
    () => register,
  ),
  namePrefix: v.optional(
    v.pipe(
      v.string('must be a string'),
      v.regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'must be the start of a metric name, such as shop_'),
    ),
    'shardyfusion_',
  ),
})

/**
 * Exports the metrics of all readers and builds of this thread through a registry of prom-client.
 *
 * Counts of readers are read when the registry is scraped, so that lookups do no work for them.
 * Readers that are already open are included. Errors: SHARD_INVALID_OPTION, also if the registry has
 * metrics of these names.
 *
 * @example
 * const metrics = prometheusMetrics()
 * server.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()))
 */
export function prometheusMetrics(options: PrometheusMetricsOptions = {}): PrometheusMetrics {
  const { registry, namePrefix, prefixLabel, maxPrefixes } = parseOptions(
    optionsSchema,
    options,
    WHERE,
  )
  const taken = ALL_INSTRUMENTS.map((one) => metricName(one, namePrefix)).find(
    (name) => registry.getSingleMetric(name) !== undefined,
  )
  if (taken !== undefined) {
    throw invalidOption(
      WHERE,
      `registry already has the metric ${taken}; close the earlier exporter, or pass another namePrefix or registry`,
    )
  }
  const prefixes = new PrefixLabels(maxPrefixes, prefixLabel)
  const readers = new ReaderTotals(prefixes)
  const series = new SeriesTable()
  const events = new Subscriptions()
  recordEvents(events, series, prefixes, readers)
  const scrape = new Scrape(readers)
  for (const instrument of ALL_INSTRUMENTS) {
    const metric = new PulledMetric(instrument, namePrefix, () =>
      instrument.read === undefined
        ? series.of(instrument)
        : (scrape.points().get(instrument) ?? []),
    )
    // The types of prom-client name its own classes only; the registry needs no more than this.
    registry.registerMetric(metric as unknown as Counter)
    events.add(() => registry.removeSingleMetric(metric.registeredName))
  }
  return {
    registry,
    contentType: registry.contentType,
    text: () => registry.metrics(),
    close: () => events.close(),
  }
}

/** Reads all readers once for all the metrics of one scrape. */
class Scrape {
  readonly #readers: ReaderTotals
  #points: ReadonlyMap<Instrument, readonly Point[]> | undefined

  constructor(readers: ReaderTotals) {
    this.#readers = readers
  }

  points(): ReadonlyMap<Instrument, readonly Point[]> {
    if (this.#points === undefined) {
      this.#points = this.#readers.collect()
      // The registry asks all metrics in one turn.
      queueMicrotask(() => (this.#points = undefined))
    }
    return this.#points
  }
}

interface Value {
  readonly value: number
  readonly labels: Labels
  readonly metricName?: string
}

/** A metric whose values are made when the registry asks for them. */
class PulledMetric {
  /** The registry shortens it for OpenMetrics. */
  name: string
  readonly registeredName: string
  readonly help: string
  readonly type: Instrument['kind']
  readonly aggregator: 'sum' | 'max'
  readonly #read: () => readonly Series[]

  constructor(instrument: Instrument, namePrefix: string, read: () => readonly Series[]) {
    this.name = this.registeredName = metricName(instrument, namePrefix)
    this.help = instrument.help
    this.type = instrument.kind
    this.aggregator = instrument.merge ?? 'sum'
    this.#read = read
  }

  async get() {
    const { name, help, type, aggregator } = this
    const values = this.#read().flatMap((point): Value[] =>
      'histogram' in point ? bucketsOf(this.registeredName, point) : [point],
    )
    return { name, help, type, aggregator, values }
  }

  /** Counts cannot be reset: they belong to the readers. */
  reset(): void {}
}

function bucketsOf(name: string, { labels, histogram }: Distribution): Value[] {
  const { bounds, count, sum } = histogram
  const counts = histogram.cumulative()
  return [
    ...bounds.map((bound, i) => ({
      value: counts[i]!,
      labels: { le: String(bound), ...labels },
      metricName: `${name}_bucket`,
    })),
    { value: count, labels: { le: '+Inf', ...labels }, metricName: `${name}_bucket` },
    { value: sum, labels, metricName: `${name}_sum` },
    { value: count, labels, metricName: `${name}_count` },
  ]
}
