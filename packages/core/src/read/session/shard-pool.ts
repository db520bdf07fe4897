import type { EngineReader } from '../../engine/engine.js'
import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { closed } from '../../errors/error-factories.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { Semaphore } from '../../async/semaphore.js'
import { FailedShards } from './failed-shards.js'
import { exhausted, isBroken } from './pool-errors.js'

export interface ShardPoolOptions<K> {
  /** Starts the messages; `SnapshotReader` by default. */
  readonly name?: string | undefined
  /** Maximum number of open shards. */
  readonly maxOpen: number
  /** Bound on waiting for a permit, in milliseconds. */
  readonly waitTimeoutMs: number
  readonly open: (shard: K) => Promise<EngineReader>
}

const DEFAULT_NAME = 'SnapshotReader'

/**
 * Bound on waiting for one of `maxOpenShards` permits, in milliseconds (the Python pool's default).
 */
export const POOL_WAIT_MS = 30_000

/** Number of times in a row that other shards may stop the engine before a call gives up. */
const MAX_INTERRUPTIONS = 8

interface Slot {
  /** Waits for a permit and opens the shard. */
  readonly opening: Promise<EngineReader>
  reader: EngineReader | undefined
  users: number
  /** The number of its last use, counted over all shards. */
  lastUse: number
  /** Number of calls that started while others waited for a permit. */
  taken: number
  isLeaving: boolean
  /** Set while a close waits for the last user. */
  onIdle?: () => void
}

/** Maximum number of such calls, if the shard is never idle. */
const MAX_TAKEN = 64

/**
 * The open shards of one reader, over all its snapshots: opened at first use, at most `maxOpen`,
 * least recently used closed first.
 *
 * Every wait for a permit ends, for two reasons. First, the code that runs while it holds a permit
 * (`work`) is a call of the engine, which has a bound and waits for no permit: a scan holds one for
 * a chunk, not between two chunks, and a refresh holds none. Second, a shard that is never idle
 * closes after `MAX_TAKEN` further calls: later ones wait in turn.
 */
export class ShardPool<K> {
  readonly #options: ShardPoolOptions<K>
  readonly #permits: Semaphore
  // Includes shards that still wait for a permit.
  readonly #slots = new Map<K, Slot>()
  #uses = 0
  // Closings in progress, so that `close` can wait for them.
  readonly #closings = new Set<Promise<void>>()
  readonly #failed = new FailedShards<K>()
  /** Number of permits that closing shards are about to release. */
  #leaving = 0
  #closed = false
  /** Closes every shard, each after its running calls have ended. */
  readonly close: () => Promise<void>

  constructor(options: ShardPoolOptions<K>) {
    this.#options = options
    this.#permits = new Semaphore(options.maxOpen)
    this.close = closeOnce(() => this.#close())
  }

  /** Makes the error of every call after `close()`. */
  closedError(): ShardyfusionError {
    return closed(this.#options.name ?? DEFAULT_NAME, 'this reader is closed; open a new one')
  }

  /** Number of shards that are open, opening or waiting to open. */
  get size(): number {
    return this.#slots.size
  }

  /**
   * Runs `work` on the shard's reader, which stays open until it ends.
   *
   * A reader whose engine failed is dropped, so that the next call opens the shard again. If the
   * whole engine stopped, `work` runs again on a new one: several times if other shards stopped it,
   * once if this shard did. A shard that cannot be opened, or stops the engine again, fails at once
   * for some seconds, or until `forget`.
   */
  async use<T>(shard: K, work: (reader: EngineReader) => Promise<T>): Promise<T> {
    let isSecond = false
    for (let left = MAX_INTERRUPTIONS; ; left--) {
      try {
        return await this.#use(shard, work)
      } catch (error) {
        if (!isShardyfusionError(error) || error.details['stopped'] !== true) throw error
        if (isSecond) this.#failed.remember(shard, error)
        if (left === 0 || isSecond) throw error
        isSecond = !error.retryable
      }
    }
  }

  /** Makes shards that failed retry at their next use. */
  forget(): void {
    this.#failed.clear()
  }

  /**
   * Returns the value of a key if an open shard has it in memory (`EngineReader.peek`); null if it
   * takes `use`.
   */
  peek(shard: K, key: Uint8Array): Uint8Array | undefined | null {
    const slot = this.#slots.get(shard)
    const reader = slot?.reader
    if (reader?.peek === undefined) return null
    slot!.lastUse = ++this.#uses
    try {
      return reader.peek(key)
    } catch {
      // `use` gets the same failure, and handles it.
      return null
    }
  }

  /** The same for many keys (`EngineReader.peekMany`). */
  peekMany(shard: K, keys: readonly Uint8Array[]): (Uint8Array | undefined)[] | null {
    const slot = this.#slots.get(shard)
    const reader = slot?.reader
    if (reader?.peekMany === undefined) return null
    slot!.lastUse = ++this.#uses
    try {
      return reader.peekMany(keys)
    } catch {
      return null
    }
  }

  /** The same for packed keys (`EngineReader.peekPacked`). */
  peekPacked(shard: K, ...keys: Parameters<NonNullable<EngineReader['peekPacked']>>): boolean {
    const slot = this.#slots.get(shard)
    const reader = slot?.reader
    if (reader?.peekPacked === undefined) return false
    slot!.lastUse = ++this.#uses
    try {
      return reader.peekPacked(...keys)
    } catch {
      return false
    }
  }

  async #use<T>(shard: K, work: (reader: EngineReader) => Promise<T>): Promise<T> {
    if (this.#closed) throw this.closedError()
    // No await between finding the slot and counting as its user: an unused slot may close at any
    // await.
    const slot = this.#slotFor(shard)
    slot.lastUse = ++this.#uses
    slot.users++
    try {
      return await work(slot.reader ?? (await slot.opening))
    } catch (error) {
      if (isBroken(error) && this.#slots.get(shard) === slot) {
        this.#slots.delete(shard)
        void this.#track(this.#closeSlot(slot))
      }
      throw error
    } finally {
      slot.users--
      if (slot.users === 0) {
        slot.onIdle?.()
        this.#evictForWaiting()
      }
    }
  }

  #slotFor(shard: K): Slot {
    const slot = this.#slots.get(shard)
    if (slot === undefined) {
      this.#failed.check(shard)
      return this.#newSlot(shard)
    }
    if (this.#permits.waiting <= this.#leaving) slot.taken = 0
    else if (slot.reader !== undefined && slot.users > 0 && ++slot.taken > MAX_TAKEN) {
      this.#slots.delete(shard)
      slot.isLeaving = true
      this.#leaving++
      void this.#track(this.#closeSlot(slot))
      return this.#newSlot(shard)
    }
    return slot
  }

  #newSlot(shard: K): Slot {
    const slot: Slot = {
      opening: this.#open(shard),
      reader: undefined,
      users: 0,
      lastUse: 0,
      taken: 0,
      isLeaving: false,
    }
    this.#slots.set(shard, slot)
    slot.opening.then(
      (reader) => (slot.reader = reader),
      () => {
        // The next call retries.
        if (this.#slots.get(shard) === slot) this.#slots.delete(shard)
      },
    )
    return slot
  }

  async #open(shard: K): Promise<EngineReader> {
    const { name = DEFAULT_NAME, waitTimeoutMs, maxOpen, open } = this.#options
    const permit = this.#permits.acquire(waitTimeoutMs, () =>
      exhausted(name, maxOpen, waitTimeoutMs),
    )
    this.#evictForWaiting()
    await permit
    try {
      if (this.#closed) throw this.closedError()
      return await open(shard)
    } catch (error) {
      this.#permits.release()
      if ((error as Partial<ShardyfusionError>).details?.['stopped'] !== true)
        this.#failed.remember(shard, error)
      throw error
    }
  }

  /** Closes as many unused shards as there are waiting ones that need their permits. */
  #evictForWaiting(): void {
    if (this.#permits.waiting <= this.#leaving) return
    const unused = [...this.#slots].filter(([, { users, reader }]) => users === 0 && reader)
    for (const [shard, { reader }] of unused.sort(([, a], [, b]) => a.lastUse - b.lastUse)) {
      this.#slots.delete(shard)
      void this.#track(this.#evict(reader!))
      if (this.#permits.waiting <= this.#leaving) return
    }
  }

  async #evict(reader: EngineReader): Promise<void> {
    this.#leaving++
    try {
      await reader.close()
    } catch {
      // Shards never change, so nothing is lost, and the waiting calls want other shards.
    }
    this.#leaving--
    this.#permits.release()
  }

  /** Closes these shards, each after its running calls have ended, and releases their permits. */
  async release(shards: Iterable<K>): Promise<void> {
    const closings: (() => Promise<void>)[] = []
    for (const shard of shards) {
      this.#failed.forget(shard)
      const slot = this.#slots.get(shard)
      if (slot === undefined) continue
      this.#slots.delete(shard)
      const closing = this.#track(this.#closeSlot(slot))
      closings.push(() => closing)
    }
    await runAll(closings, 'closing shards')
  }

  #track(closing: Promise<void>): Promise<void> {
    const tracked = closing.finally(() => this.#closings.delete(tracked))
    // Only the caller that started it gets its failure; those that wait for it do not.
    tracked.catch(() => {})
    this.#closings.add(tracked)
    return tracked
  }

  async #closeSlot(slot: Slot): Promise<void> {
    // The caller of a failed opening has its error, and the permit is released.
    const reader = await slot.opening.catch(() => undefined)
    if (reader === undefined) return
    // Freeing it during a running call may crash the process.
    if (slot.users > 0) await new Promise<void>((resolve) => (slot.onIdle = resolve))
    try {
      await reader.close()
    } finally {
      if (slot.isLeaving) this.#leaving--
      this.#permits.release()
    }
  }

  async #close(): Promise<void> {
    this.#closed = true
    this.#permits.rejectAll(() => this.closedError())
    await this.release([...this.#slots.keys()])
    await Promise.allSettled(this.#closings)
  }
}
