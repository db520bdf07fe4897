import { INSTRUMENTS as I, type Instrument, type Labels } from './instruments.js'
import type { PrefixLabels } from './prefix-labels.js'
import type { ReaderTotals } from './reader-totals.js'
import type { Subscriptions } from './subscriptions.js'

/** Where an exporter takes what events change. */
export interface Recorder {
  add(instrument: Instrument, value: number, labels: Labels): void
  record(instrument: Instrument, seconds: number, labels: Labels): void
  /** Returns a series to record many durations in; each stands for `weight` of them. */
  series(instrument: Instrument, labels: Labels): (seconds: number, weight: number) => void
}

/** Series that the lookups of one prefix are recorded in. */
interface LookupSeries {
  readonly memory: ReturnType<Recorder['series']>
  readonly storage: ReturnType<Recorder['series']>
  readonly batch: ReturnType<Recorder['series']>
}

const SECOND_MS = 1000
/** Prefixes whose series are kept; those of others are looked up each time. */
const MAX_PREFIXES = 1000

/** Records the events of this thread until the subscriptions close. */
export function recordEvents(
  events: Subscriptions,
  to: Recorder,
  prefixes: PrefixLabels,
  readers: ReaderTotals,
): void {
  const at = (prefix: string): { prefix: string } => ({ prefix: prefixes.of(prefix) })
  const time = (instrument: Instrument, ms: number | undefined, labels: Labels): void => {
    if (ms !== undefined) to.record(instrument, ms / SECOND_MS, labels)
  }
  const outcome = (error: unknown): string => (error === undefined ? 'ok' : 'failed')

  // Made once for a prefix: a lookup that waits for the engine takes a few microseconds.
  const lookups = new Map<string, LookupSeries>()
  const seriesOf = (prefix: string): LookupSeries => {
    const place = at(prefix)
    const series = {
      memory: to.series(I.readerGetDuration, { ...place, source: 'memory' }),
      storage: to.series(I.readerGetDuration, { ...place, source: 'storage' }),
      batch: to.series(I.readerMultiGetDuration, place),
    }
    if (lookups.size < MAX_PREFIXES) lookups.set(prefix, series)
    return series
  }
  events.on('lookup', ({ prefix, method, durationMs, fromMemory, weight }) => {
    const series = lookups.get(prefix) ?? seriesOf(prefix)
    const { memory, storage, batch } = series
    const into = method === 'getMany' ? batch : fromMemory ? memory : storage
    into(durationMs / SECOND_MS, weight)
  })
  events.onEnd('scan', ({ prefix, durationMs }) =>
    time(I.readerScanDuration, durationMs, at(prefix)),
  )
  events.onEnd('search', ({ prefix, durationMs }) =>
    time(I.readerSearchDuration, durationMs, at(prefix)),
  )
  events.on('open', ({ prefix, durationMs }) => {
    to.add(I.readerOpens, 1, at(prefix))
    time(I.readerOpenDuration, durationMs, at(prefix))
  })
  events.on('close', (event) => readers.close(event))
  events.on('refresh', ({ prefix, durationMs, outcome: result }) =>
    time(I.readerRefreshDuration, durationMs, { ...at(prefix), outcome: result }),
  )
  events.on('fallback', ({ prefix }) => to.add(I.readerFallbacks, 1, at(prefix)))
  events.onEnd('shard-open', ({ prefix, durationMs }) =>
    time(I.readerShardOpenDuration, durationMs, at(prefix)),
  )
  events.onEnd('store-request', ({ operation, bytes, durationMs, error }) => {
    time(I.storeRequestDuration, durationMs, { operation, outcome: outcome(error) })
    if (bytes !== undefined) to.add(I.storeTransferred, bytes, { operation })
    if (attemptsOf(error) > 1) to.add(I.s3RetriesExhausted, 1, { operation })
  })
  events.on('request-retry', ({ operation }) => to.add(I.s3Retries, 1, { operation }))
  events.on('throttle', ({ prefix, limiter, waitMs }) => {
    const labels = { ...at(prefix), limiter }
    to.add(I.rateLimiterThrottled, 1, labels)
    time(I.rateLimiterWait, waitMs, labels)
  })
  for (const kind of ['build', 'update'] as const) {
    events.onStart(kind, ({ prefix }) => to.add(I.writesStarted, 1, at(prefix)))
    events.on(kind, ({ prefix, outcome: result, rows, durationMs }) => {
      if (result === 'failed') {
        to.add(I.writesFailed, 1, at(prefix))
        return
      }
      to.add(I.writesCompleted, 1, at(prefix))
      to.add(I.rowsWritten, rows, at(prefix))
      time(I.writeDuration, durationMs, at(prefix))
    })
  }
  events.onEnd('shard-write', ({ prefix, durationMs, batches, error }) => {
    if (error !== undefined) return
    to.add(I.shardWritesCompleted, 1, at(prefix))
    to.add(I.batchesWritten, batches ?? 0, at(prefix))
    time(I.shardWriteDuration, durationMs, at(prefix))
  })
  events.on('shard-retry', ({ prefix }) => to.add(I.shardWritesRetried, 1, at(prefix)))
  events.on('warning', ({ prefix }) => to.add(I.buildWarnings, 1, at(prefix)))
  events.on('cleanup', ({ prefix, kind, outcome: result, objectsDeleted }) => {
    to.add(I.cleanupActions, 1, { ...at(prefix), kind, outcome: result })
    to.add(I.cleanupObjects, objectsDeleted, at(prefix))
  })
  to.add(I.rateLimiterDenied, 0, {})
}

function attemptsOf(error: unknown): number {
  const { details } = (error ?? {}) as { details?: { attempts?: unknown } }
  return typeof details?.attempts === 'number' ? details.attempts : 1
}
