import { Histogram } from '../metrics/histogram.js'
import type { Instrument, Labels } from '../metrics/instruments.js'
import type { Point } from '../metrics/reader-totals.js'
import type { Recorder } from '../metrics/record-events.js'

/** A series of a histogram. */
export interface Distribution {
  readonly labels: Labels
  readonly histogram: Histogram
}

export type Series = Point | Distribution

/** The series that events change, by instrument and labels. */
export class SeriesTable implements Recorder {
  readonly #counters = new Map<Instrument, Map<string, { labels: Labels; value: number }>>()
  readonly #histograms = new Map<Instrument, Map<string, Distribution>>()

  add(instrument: Instrument, value: number, labels: Labels): void {
    const series = seriesOf(this.#counters, instrument)
    const key = keyOf(labels)
    const point = series.get(key)
    if (point === undefined) series.set(key, { labels, value })
    else point.value += value
  }

  record(instrument: Instrument, seconds: number, labels: Labels): void {
    this.#distribution(instrument, labels).histogram.observe(seconds, 1)
  }

  series(instrument: Instrument, labels: Labels): (seconds: number, weight: number) => void {
    let histogram: Histogram | undefined
    return (seconds, weight) => {
      // Without a value there is no series.
      histogram ??= this.#distribution(instrument, labels).histogram
      histogram.observe(seconds, weight)
    }
  }

  of(instrument: Instrument): readonly Series[] {
    const found = this.#counters.get(instrument) ?? this.#histograms.get(instrument)
    return found === undefined ? [] : [...found.values()]
  }

  #distribution(instrument: Instrument, labels: Labels): Distribution {
    const series = seriesOf(this.#histograms, instrument)
    const key = keyOf(labels)
    let found = series.get(key)
    if (found === undefined) {
      found = { labels, histogram: new Histogram(instrument.buckets!) }
      series.set(key, found)
    }
    return found
  }
}

function seriesOf<T>(all: Map<Instrument, Map<string, T>>, instrument: Instrument): Map<string, T> {
  let series = all.get(instrument)
  if (series === undefined) {
    series = new Map()
    all.set(instrument, series)
  }
  return series
}

/** The labels of an instrument always have the same names in the same order. */
function keyOf(labels: Labels): string {
  let key = ''
  for (const name in labels) key += `${labels[name]}\n`
  return key
}
