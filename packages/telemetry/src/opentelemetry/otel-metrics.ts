import { parseOptions } from '@shardyfusion/core/internal'
import {
  type Counter,
  type Histogram,
  type Meter,
  type MeterProvider,
  metrics,
  type Observable,
} from '@opentelemetry/api'
import * as v from 'valibot'
import { ALL_INSTRUMENTS, type Instrument, type Labels } from '../metrics/instruments.js'
import { metricsEntries, type MetricsOptions } from '../metrics/metrics-options.js'
import { PrefixLabels } from '../metrics/prefix-labels.js'
import { ReaderTotals } from '../metrics/reader-totals.js'
import { type Recorder, recordEvents } from '../metrics/record-events.js'
import { Subscriptions } from '../metrics/subscriptions.js'

export interface OpenTelemetryMetricsOptions extends MetricsOptions {
  /** By default the global one, at the time of the call. */
  meterProvider?: MeterProvider | undefined
  /** `shardyfusion` by default, as in the Python project. It also starts the names of instruments. */
  meterName?: string | undefined
}

const optionsSchema = v.strictObject({
  ...metricsEntries,
  meterProvider: v.optional(
    v.custom<MeterProvider>(
      (value) => typeof (value as MeterProvider | null)?.getMeter === 'function',
      'must be a meter provider',
    ),
    () => metrics.getMeterProvider(),
  ),
  meterName: v.optional(v.string('must be a string'), 'shardyfusion'),
})

const UNITS = { seconds: 's', bytes: 'By' } as const

/**
 * Exports the metrics of all readers and builds of this thread through a meter of OpenTelemetry.
 *
 * Counts of readers are observed when the SDK collects, so that lookups do no work for them. Labels
 * are attributes. Start the SDK before. Errors: SHARD_INVALID_OPTION.
 *
 * @example
 * const metrics = openTelemetryMetrics({ meterProvider })
 */
export function openTelemetryMetrics(options: OpenTelemetryMetricsOptions = {}): {
  /** Stops; idempotent. */
  close(): void
} {
  const { meterProvider, meterName, prefixLabel, maxPrefixes } = parseOptions(
    optionsSchema,
    options,
    'openTelemetryMetrics',
  )
  const meter = meterProvider.getMeter(meterName)
  const prefixes = new PrefixLabels(maxPrefixes, prefixLabel)
  const readers = new ReaderTotals(prefixes)
  const events = new Subscriptions()
  recordEvents(events, new MeterRecorder(meter, meterName), prefixes, readers)
  events.add(observeReaders(meter, meterName, readers))
  return { close: () => events.close() }
}

/** Records events in instruments of a meter. */
class MeterRecorder implements Recorder {
  readonly #counters = new Map<Instrument, Counter>()
  readonly #histograms = new Map<Instrument, Histogram>()

  constructor(meter: Meter, meterName: string) {
    for (const instrument of ALL_INSTRUMENTS) {
      if (instrument.read !== undefined) continue
      const [name, options] = described(instrument, meterName)
      if (instrument.kind === 'counter')
        this.#counters.set(instrument, meter.createCounter(name, options))
      else {
        const advice = { explicitBucketBoundaries: [...instrument.buckets!] }
        this.#histograms.set(instrument, meter.createHistogram(name, { ...options, advice }))
      }
    }
  }

  add(instrument: Instrument, value: number, labels: Labels): void {
    this.#counters.get(instrument)!.add(value, labels)
  }

  record(instrument: Instrument, seconds: number, labels: Labels): void {
    this.#histograms.get(instrument)!.record(seconds, labels)
  }

  /** A histogram of OpenTelemetry takes no weights: lookups in memory are a sample there. */
  series(instrument: Instrument, labels: Labels): (seconds: number) => void {
    const histogram = this.#histograms.get(instrument)!
    return (seconds) => histogram.record(seconds, labels)
  }
}

/** Observes the counts of readers whenever the SDK collects; returns the end of it. */
function observeReaders(meter: Meter, meterName: string, readers: ReaderTotals): () => void {
  const observed = new Map<Instrument, Observable>()
  for (const instrument of ALL_INSTRUMENTS) {
    if (instrument.read === undefined) continue
    const [name, options] = described(instrument, meterName)
    const made =
      instrument.kind === 'counter'
        ? meter.createObservableCounter(name, options)
        : meter.createObservableGauge(name, options)
    observed.set(instrument, made)
  }
  const observables = [...observed.values()]
  const callback: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
    for (const [instrument, points] of readers.collect()) {
      const to = observed.get(instrument)!
      for (const { value, labels } of points) result.observe(to, value, labels)
    }
  }
  meter.addBatchObservableCallback(callback, observables)
  return () => meter.removeBatchObservableCallback(callback, observables)
}

function described({ name, help, unit }: Instrument, meterName: string) {
  const options = { description: help, ...(unit && { unit: UNITS[unit] }) }
  return [`${meterName}.${name}`, options] as const
}
