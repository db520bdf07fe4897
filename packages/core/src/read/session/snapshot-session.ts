// Long because opening, moving and closing a snapshot share the state of one session.

import type { InferOutput } from 'valibot'
import { likelyEngine } from '../../engine/choose-engine.js'
import { resolveEngine } from '../../engine/resolve-engine.js'
import { isShardyfusionError } from '../../errors.js'
import { closed, invalidOption, notFound } from '../../errors/error-factories.js'
import { type Fallback, loadSnapshotManifest } from '../../snapshot/catalog/load-snapshot.js'
import type { ManifestSource } from '../../snapshot/catalog/manifest-store.js'
import { openCatalog } from '../../snapshot/catalog/open-catalog.js'
import { requireRunId } from '../../snapshot/catalog/require-run-id.js'
import { connectStorage, whileReachable } from '../../store/open-storage.js'
import { validatePrefix } from '../../store/urls.js'
import { checkCallOptions, type SignalOption } from '../../options/call-options.js'
import { parseOptions } from '../../options/parse-options.js'
import { type SessionOptions, sessionOptionsSchema } from './session-options.js'
import { orAbort, orLeave, throwIfAborted } from '../../async/abort.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { emit } from '../../diagnostics/events.js'
import { type LiveReader, noteReader } from '../../diagnostics/live-readers.js'
import { ReaderCounters, type ReaderStats } from '../../diagnostics/reader-stats.js'
import { traced } from '../../diagnostics/traces.js'
import { type AutoRefresh, startAutoRefresh } from './auto-refresh.js'
import { checkManifest, pinnedManifests, placedManifests } from './manifest-sources.js'
import { CLOSE_TIMEOUT_MS } from './close-timeout.js'
import { ListedStore } from './listed-store.js'
import {
  engineOf,
  listingAhead,
  openShardPool,
  openSnapshot,
  type OpenSnapshotContext,
} from './open-snapshot.js'
import type { SessionHooks, SessionSnapshot } from './session-hooks.js'
import type { ShardPool } from './shard-pool.js'
import {
  describeShard,
  fileCacheCounts,
  type ReaderHealth,
  type ShardDetail,
  type SnapshotInfo,
  snapshotAgeMs,
  snapshotHealth,
  snapshotInfo,
  unhealthy,
} from '../snapshot-info.js'
import type { SnapshotShard, SnapshotState } from './snapshot-state.js'

/**
 * The part of a reader that is independent of its kind of lookup: storage, catalog, manifest,
 * router and open shards, and moves to the next snapshot without a torn read. `SnapshotReader` is a
 * view of it, and your own reader can be one too.
 *
 * A call borrows the current snapshot, works with its shards and releases it; after a refresh the
 * old one stays open until the last call has released it. `use` does all of this. Errors:
 * SHARD_NOT_FOUND if nothing is published below `prefix`, SHARD_MANIFEST if the manifest cannot be
 * read; after `close()` SHARD_CLOSED.
 *
 * @example
 * await using session = await SnapshotSession.open({ prefix: 'file:///data/prices' })
 * const found = await session.use((snapshot) => snapshot.use(0, (shard) => shard.getMany(keys)))
 */
export class SnapshotSession<X = undefined> implements AsyncDisposable {
  readonly #context: OpenSnapshotContext
  readonly #manifests: ManifestSource
  readonly #pool: ShardPool<SnapshotShard>
  readonly #hooks: SessionHooks<X>
  readonly #counters: ReaderCounters
  #state: SnapshotState<X>
  /** Set while the snapshot is not the one the pointer names, because that one is damaged. */
  #fallback: Fallback | undefined
  #refreshing: Promise<boolean> | undefined
  #closed = false
  #following: { stop(): void } | undefined
  /** Referenced here, because the list of live readers does not keep them alive. */
  readonly #live: LiveReader
  readonly #leave: () => void
  /** Closes every shard and the store. Idempotent. */
  readonly close: () => Promise<void>

  private constructor(
    context: OpenSnapshotContext,
    manifests: ManifestSource,
    pool: ShardPool<SnapshotShard>,
    state: SnapshotState<X>,
    hooks: SessionHooks<X>,
  ) {
    this.#context = context
    this.#manifests = manifests
    this.#pool = pool
    this.#state = state
    this.#hooks = hooks
    this.#counters = context.counters
    const { prefix, name: reader } = context
    this.#live = { prefix, reader, stats: () => this.stats() }
    this.#leave = noteReader(this.#live)
    this.close = closeOnce(() => this.#close())
  }

  /** Opens the current snapshot, or the one that the options name. */
  static async open<X = undefined>(
    options: SessionOptions,
    hooks: SessionHooks<X> = {},
  ): Promise<SnapshotSession<X>> {
    const name = hooks.name ?? 'SnapshotSession'
    const where = `${name}.open`
    const o = parseOptions(sessionOptionsSchema, options, where)
    const prefix = validatePrefix(o.prefix, where, { reading: true })
    return traced(
      'open',
      () => ({ prefix, reader: name }),
      () => SnapshotSession.#open<X>(o, prefix, name, hooks),
      (message, opened) => {
        message.runId = opened.#state.manifest.runId
        message.fellBack = opened.#fallback !== undefined
      },
    )
  }

  static async #open<X>(
    o: InferOutput<typeof sessionOptionsSchema>,
    prefix: string,
    name: string,
    hooks: SessionHooks<X>,
  ): Promise<SnapshotSession<X>> {
    const where = `${name}.open`
    const startedAt = performance.now()
    if (o.autoRefresh !== undefined && (o.runId ?? o.manifestRef) !== undefined) {
      throw invalidOption(
        where,
        'autoRefresh is for readers that follow the pointer, but runId or manifestRef names one snapshot; leave one out',
      )
    }
    throwIfAborted(o.signal)
    const engine = o.engine === undefined ? undefined : await resolveEngine(o.engine, where)
    // Without an engine option, the manifest determines the engine; most snapshots need the
    // default, which takes long to load.
    const likely = engine ?? likelyEngine()
    likely.prepare?.()
    const storage = await connectStorage(prefix, o, where)
    try {
      const { signal, shardUrls } = o
      const catalog = openCatalog(o.catalog, storage.objects, prefix, where)
      const stored = catalog.manifests
      const listed = new ListedStore(storage.objects, prefix)
      const ahead = likely.supports.listsShards === true ? listingAhead(stored, listed) : stored
      const found = placedManifests(ahead, prefix, shardUrls, catalog)
      const { isOwn } = catalog
      const pinning = pinnedManifests(found, prefix, o, where, { signal, isOwn })
      const pinned = await whileReachable(storage, pinning)
      const manifests = pinned ?? found
      const counters = hooks.counters ?? new ReaderCounters()
      const context = { name, prefix, storage, engine, listed, options: o, counters }
      const loading = loadSnapshotManifest(manifests, {
        maxFallbackAttempts: pinned === undefined ? o.maxFallbackAttempts : 0,
        signal,
        where,
        prefix,
      })
      const { ref, manifest, fallback } = await whileReachable(storage, loading)
      hooks.check?.(manifest, where)
      checkManifest(manifest, prefix, shardUrls, where)
      const chosen = await engineOf(manifest, context, where)
      const pool = openShardPool(context, chosen)
      const state = await openSnapshot<X>({ ref, manifest, engine: chosen, pool, hooks, context })
      const session = new SnapshotSession<X>(context, manifests, pool, state, hooks)
      emit('open', () => {
        const { runId } = manifest
        const durationMs = performance.now() - startedAt
        const fellBack = fallback !== undefined
        const { reader, stats } = session.#live
        return { prefix, runId, manifestRef: ref.ref, fellBack, durationMs, reader, stats }
      })
      session.#noteFallback(fallback)
      if (o.autoRefresh !== undefined) session.#follow(o.autoRefresh as AutoRefresh)
      return session
    } catch (error) {
      await storage.close()
      throw error
    }
  }

  /** URL of the table. */
  get prefix(): string {
    return this.#context.prefix
  }

  /** Whether it was closed. */
  get isClosed(): boolean {
    return this.#closed
  }

  /** The snapshot that calls borrow now; after a refresh it may be closed, unless it is borrowed. */
  get snapshot(): SessionSnapshot<X> {
    return this.#state
  }

  /** Borrows the current snapshot, which stays open until `release()` is called. Errors: SHARD_CLOSED. */
  borrow(method = 'borrow'): SessionSnapshot<X> {
    if (this.#closed) this.requireOpen(method)
    const state = this.#state
    state.borrow()
    return state
  }

  /** Runs `work` on the current snapshot, which stays open until it ends, whatever is published in the meantime. */
  async use<T>(work: (snapshot: SessionSnapshot<X>) => Promise<T>, method = 'use'): Promise<T> {
    const state = this.borrow(method)
    try {
      return await work(state)
    } finally {
      state.release()
    }
  }

  /** Returns facts about the open snapshot; reads nothing. */
  info(): SnapshotInfo {
    this.requireOpen('info')
    return snapshotInfo(this.#state, this.#fallback !== undefined)
  }

  /** Returns one entry per shard, including empty ones; reads nothing. */
  shards(): ShardDetail[] {
    this.requireOpen('shards')
    return this.#state.manifest.entries.map(describeShard)
  }

  /** Returns whether the session can serve, and the age of its snapshot; see `SnapshotReader.health`. */
  health(options: { stalenessThresholdMs?: number | undefined } = {}): ReaderHealth {
    checkCallOptions(options, ['stalenessThresholdMs'], `${this.#context.name}.health`)
    if (this.#closed) return unhealthy('this reader is closed', true)
    const health = snapshotHealth(this.#state, this.#fallback, options.stalenessThresholdMs)
    const cache = this.#context.storage.cacheStats?.()
    return cache === undefined ? health : { ...health, cache }
  }

  /** Returns the counts since it was opened; also after `close()`. Reads nothing. */
  stats(): ReaderStats {
    const { name, prefix, storage } = this.#context
    const { requests, failed, bytesRead } = storage.requests
    const { openedAt, shardsOpened: opened, shardsFailed } = this.#counters
    const { runId, shards: total, entries } = this.#state.manifest
    const cache = storage.cacheStats?.()
    return {
      reader: name,
      prefix,
      uptimeMs: Math.round(performance.now() - openedAt),
      snapshot: {
        runId,
        ageMs: snapshotAgeMs(this.#state),
        rowCount: entries.reduce((sum, shard) => sum + shard.rowCount, 0),
        fellBack: this.#fallback !== undefined,
      },
      ...this.#counters.parts(),
      shards: { total, open: this.#pool.size, opened, failed: shardsFailed },
      store: { requests, failed, bytesRead },
      ...(cache !== undefined && { cache: fileCacheCounts(cache) }),
      ...this.#hooks.stats?.(this.#state.extra),
    }
  }

  /**
   * Moves to the snapshot the pointer names; resolves to true if it was another one. See
   * `SnapshotReader.refresh`.
   */
  async refresh(options: SignalOption = {}): Promise<boolean> {
    checkCallOptions(options, ['signal'], `${this.#context.name}.refresh`)
    throwIfAborted(options.signal)
    // One refresh at a time: concurrent callers share its result, so that the signal of one does
    // not end it.
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return orAbort(this.#refreshing, options.signal)
  }

  /** Errors: SHARD_CLOSED, naming the method. */
  requireOpen(method: string): void {
    if (!this.#closed) return
    throw closed(`${this.#context.name}.${method}`, 'this reader is closed; open a new one')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #refresh(): Promise<boolean> {
    const startedAt = performance.now()
    const { prefix, name: reader } = this.#context
    let outcome: keyof ReaderStats['refreshes'] = 'failed'
    let error: unknown
    try {
      outcome = await traced(
        'refresh',
        () => ({ prefix, reader, runId: this.#state.manifest.runId }),
        () => this.#moveOn(),
        (message, result) => {
          message.outcome = result
          message.runId = this.#state.manifest.runId
        },
      )
      return outcome === 'moved'
    } catch (thrown) {
      error = thrown
      throw thrown
    } finally {
      this.#counters.refreshes[outcome]++
      emit('refresh', () => {
        const { runId } = this.#state.manifest
        return { outcome, prefix, runId, durationMs: performance.now() - startedAt, error }
      })
    }
  }

  async #moveOn(): Promise<'moved' | 'unchanged' | 'malformed'> {
    this.requireOpen('refresh')
    const { name, prefix, options } = this.#context
    const where = `${name}.refresh`
    this.#pool.forget()
    const ref = await this.#manifests.loadCurrent()
    if (ref === undefined) {
      throw notFound(
        where,
        `the pointer to the current snapshot of ${prefix} no longer exists; the open snapshot stays in use`,
      )
    }
    if (ref.ref === this.#state.ref.ref) {
      this.#fallback = undefined
      return 'unchanged'
    }
    let next: SnapshotState<X>
    try {
      const manifest = await this.#manifests.loadManifest(ref.ref)
      requireRunId(ref, manifest, where)
      this.#hooks.check?.(manifest, where)
      checkManifest(manifest, prefix, options.shardUrls, where)
      const engine = await engineOf(manifest, this.#context, where)
      const [pool, hooks, context] = [this.#pool, this.#hooks, this.#context]
      next = await openSnapshot<X>({ ref, manifest, engine, pool, hooks, context })
    } catch (error) {
      if (!isShardyfusionError(error) || error.code !== 'SHARD_MANIFEST') throw error
      this.#noteFallback({ current: ref, error })
      if (error.details.peer === 'ManifestParseError') return 'malformed'
      throw error
    }
    if (this.#closed) {
      await next.close()
      this.requireOpen('refresh')
    }
    const previous = this.#state
    this.#state = next
    this.#fallback = undefined
    // The move has happened: a failure to close a shard of the old snapshot does not undo it.
    await previous.retire().catch(() => {})
    return 'moved'
  }

  #noteFallback(fallback: Fallback | undefined): void {
    const isNews = fallback !== undefined && fallback.current.ref !== this.#fallback?.current.ref
    this.#fallback = fallback
    if (!isNews) return
    emit('fallback', () => {
      const { ref, manifest } = this.#state
      const { prefix } = this.#context
      const { current, error } = fallback
      const { runId } = manifest
      return { prefix, runId, manifestRef: ref.ref, currentManifestRef: current.ref, error }
    })
  }

  #follow(options: AutoRefresh): void {
    this.#following = startAutoRefresh(
      {
        refresh: () => this.refresh(),
        runId: () => this.#state.manifest.runId,
        problem: () =>
          this.#fallback && { ref: this.#fallback.current.ref, error: this.#fallback.error },
      },
      options,
    )
  }

  async #close(): Promise<void> {
    this.#closed = true
    this.#following?.stop()
    this.#leave()
    emit('close', () => {
      const { prefix, reader, stats } = this.#live
      return { prefix, runId: this.#state.manifest.runId, reader, stats: stats() }
    })
    const { name, storage } = this.#context
    const steps = [() => orLeave(this.#pool.close(), CLOSE_TIMEOUT_MS), () => storage.close()]
    await runAll(steps, `${name}.close`)
  }
}
