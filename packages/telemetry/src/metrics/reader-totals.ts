import type { DiagnosticsEvents, ReaderStats, ShardReaderStats } from '@shardyfusion/core'
import { liveReaders } from '@shardyfusion/core/internal'
import { ALL_INSTRUMENTS, type Instrument, type Labels } from './instruments.js'
import type { PrefixLabels } from './prefix-labels.js'

/** One value of an instrument. */
export interface Point {
  readonly labels: Labels
  readonly value: number
}

type Totals = Map<string, { labels: Labels; value: number }>

const COUNTERS = ALL_INSTRUMENTS.filter(({ kind, read }) => kind === 'counter' && read)
const GAUGES = ALL_INSTRUMENTS.filter(({ kind, read }) => kind === 'gauge' && read)

/**
 * The counts of all readers of this thread, read when they are exported. Closed readers stay in the
 * counters, so that these never fall.
 */
export class ReaderTotals {
  readonly #prefixes: PrefixLabels
  /** The counters of closed readers. */
  readonly #closed = new Map<Instrument, Totals>()

  constructor(prefixes: PrefixLabels) {
    this.#prefixes = prefixes
  }

  /** Adds the last counts of a reader. */
  close({ stats }: DiagnosticsEvents['close']): void {
    this.#add(this.#closed, COUNTERS, stats)
  }

  /** Returns the points of every instrument that is read from the counts. */
  collect(): ReadonlyMap<Instrument, readonly Point[]> {
    const totals = new Map<Instrument, Totals>()
    for (const instrument of [...COUNTERS, ...GAUGES]) totals.set(instrument, new Map())
    for (const [instrument, closed] of this.#closed)
      for (const [key, point] of closed) totals.get(instrument)!.set(key, { ...point })
    for (const reader of liveReaders()) {
      let stats: ReaderStats | ShardReaderStats
      try {
        stats = reader.stats()
      } catch {
        // Its worker thread is gone or busy: the others are exported all the same.
        continue
      }
      this.#add(totals, COUNTERS, stats)
      this.#add(totals, GAUGES, stats)
    }
    return new Map([...totals].map(([instrument, points]) => [instrument, [...points.values()]]))
  }

  #add(
    totals: Map<Instrument, Totals>,
    instruments: readonly Instrument[],
    stats: ReaderStats | ShardReaderStats,
  ): void {
    const prefix = this.#prefixes.of(stats.prefix)
    for (const instrument of instruments) {
      const points = totals.get(instrument) ?? new Map<string, Point>()
      totals.set(instrument, points)
      for (const [value, more] of instrument.read!(stats)) {
        const labels = { prefix, ...more }
        const key = Object.values(labels).join('\n')
        const before = points.get(key)?.value
        const isMax = instrument.merge === 'max'
        const merged = isMax ? Math.max(before ?? -Infinity, value) : (before ?? 0) + value
        points.set(key, { labels, value: merged })
      }
    }
  }
}
