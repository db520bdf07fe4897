import { INSTRUMENTS as I, type Instrument, type Labels } from './instruments.js'
import type { PrefixLabels } from './prefix-labels.js'
import type { ReaderTotals } from './reader-totals.js'
import type { Subscriptions } from './subscriptions.js'

/** Where an exporter takes what events change. */
export interface Recorder {
  add(instrument: Instrument, value: number, labels: Labels): void
  /** Records a duration in seconds, which stands for `weight` of them. */
  record(instrument: Instrument, seconds: number, labels: Labels, weight: number): void
}

const SECOND_MS = 1000

/** Records the events of this thread until the subscriptions close. */
export function recordEvents(
  events: Subscriptions,
  to: Recorder,
  prefixes: PrefixLabels,
  readers: ReaderTotals,
): void {
  const at = (prefix: string): { prefix: string } => ({ prefix: prefixes.of(prefix) })
  const time = (
    instrument: Instrument,
    ms: number | undefined,
    labels: Labels,
    weight = 1,
  ): void => {
    if (ms !== undefined) to.record(instrument, ms / SECOND_MS, labels, weight)
  }
  const outcome = (error: unknown): string => (error === undefined ? 'ok' : 'failed')

  // One object for all lookups of a prefix: there are many.
  const getLabels = new Map<string, { memory: Labels; storage: Labels }>()
  events.on('lookup', ({ prefix, method, durationMs, fromMemory, weight }) => {
    if (method === 'getMany') {
      time(I.readerMultiGetDuration, durationMs, at(prefix))
      return
    }
    let labels = getLabels.get(prefix)
    if (labels === undefined) {
      const place = at(prefix)
      labels = { memory: { ...place, source: 'memory' }, storage: { ...place, source: 'storage' } }
      if (getLabels.size < 1000) getLabels.set(prefix, labels)
    }
    time(I.readerGetDuration, durationMs, fromMemory ? labels.memory : labels.storage, weight)
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
  events.onStart('build', ({ prefix }) => to.add(I.writesStarted, 1, at(prefix)))
  events.on('build', ({ prefix, outcome: result, rows, durationMs }) => {
    if (result === 'failed') {
      to.add(I.writesFailed, 1, at(prefix))
      return
    }
    to.add(I.writesCompleted, 1, at(prefix))
    to.add(I.rowsWritten, rows, at(prefix))
    time(I.writeDuration, durationMs, at(prefix))
  })
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
