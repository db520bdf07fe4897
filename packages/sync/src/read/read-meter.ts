import type { ReaderStats, ShardReaderStats, SnapshotInfo } from '@shardyfusion/core'
import {
  emit,
  isShardyfusionError,
  type LiveReader,
  LookupSampler,
  lookups,
  noteReader,
  ReaderCounters,
} from '@shardyfusion/core/internal'
import type { LookupCache } from './lookup-cache.js'

/** Codes of errors that arise in this thread; the worker has counted the others. */
const OWN_CODES = new Set(['SHARD_INVALID_KEY', 'SHARD_TIMEOUT', 'SHARD_BRIDGE'])

/**
 * The counts of a reader in the caller's thread, and its events there: the worker does not see
 * lookups that the cache of this thread answers, and its events stay in its thread.
 */
export class ReadMeter<S extends ReaderStats | ShardReaderStats = ReaderStats> {
  readonly counters = new ReaderCounters()
  cache: LookupCache | undefined
  readonly #sampler: LookupSampler
  /** Asks the worker. */
  readonly #ask: () => S
  /** Referenced here, because the list of live readers does not keep them alive. */
  readonly #live: LiveReader
  readonly #leave: () => void
  #last: S | undefined

  constructor(reader: string, prefix: string, ask: () => S) {
    this.#ask = ask
    this.#sampler = new LookupSampler(prefix, this.counters)
    this.#live = { prefix, reader, stats: () => this.stats() }
    this.#leave = noteReader(this.#live)
  }

  /** Emits that the reader is open; a reader of one shard has no snapshot to describe. */
  opened(durationMs: number, info?: () => SnapshotInfo): void {
    emit('open', () => {
      const { runId, manifestRef, fellBack = false } = info?.() ?? {}
      const { prefix, reader, stats } = this.#live
      return { prefix, runId, manifestRef, fellBack, durationMs, reader, stats }
    })
  }

  /** Starts a `get`; returns the time if it is in the sample of lookups in memory, 0 otherwise. */
  start(): number {
    this.counters.gets++
    return this.#sampler.start()
  }

  /** Ends a `get` that the cache has answered. */
  cached<T>(value: T, startedAt: number): T {
    this.#count(value)
    if (startedAt !== 0) this.#sampler.end(value, startedAt)
    return value
  }

  /** Returns the time at which a call of the worker starts, if it is timed. */
  startWait(startedAt: number): number {
    if (startedAt !== 0) return startedAt
    return lookups.hasSubscribers ? performance.now() : 0
  }

  /** Ends a `get` that the worker has answered. */
  waited<T>(value: T, from: number): T {
    this.#count(value)
    this.#sampler.endWait(value, from)
    return value
  }

  /** Ends a `getMany`. */
  batch<T>(values: T[], from: number): T[] {
    const found = this.counters.addBatch(values)
    if (from !== 0) this.#sampler.endBatch(values.length, found, from)
    return values
  }

  /** Counts an error, unless the worker has. */
  failed(error: unknown): unknown {
    if (!isShardyfusionError(error) || OWN_CODES.has(error.code)) this.counters.fail(error)
    return error
  }

  /** Returns the counts of both threads; after the end, the last ones. */
  stats(): S {
    return this.#last ?? this.#merged(this.#ask())
  }

  /** Keeps the last counts; `theirs` is `undefined` if the worker did not return its own. */
  close(theirs: S | undefined): void {
    if (this.#last !== undefined) return
    this.#leave()
    if (theirs === undefined) return
    const stats = (this.#last = this.#merged(theirs))
    const { prefix, reader } = this.#live
    const runId = 'snapshot' in stats ? stats.snapshot.runId : undefined
    emit('close', () => ({ prefix, reader, runId, stats }))
  }

  #merged(theirs: S): S {
    const { lookups: own, errors } = this.counters.parts()
    const all = { ...theirs.errors }
    for (const [code, count] of Object.entries(errors)) all[code] = (all[code] ?? 0) + count
    const valueCache = this.cache?.stats()
    const { reader } = this.#live
    return { ...theirs, reader, lookups: own, errors: all, ...(valueCache && { valueCache }) }
  }

  #count(value: unknown): void {
    if (value === undefined) this.counters.misses++
    else this.counters.hits++
  }
}
