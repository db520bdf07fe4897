import type { EngineReader } from '../../engine/engine.js'
import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { closed, timeout } from '../../errors/error-factories.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { Places } from '../../async/places.js'
import { FailedShards } from './failed-shards.js'

export interface ShardPoolOptions<K> {
  /** Begins messages; `SnapshotReader` by default. */
  readonly name?: string | undefined
  /** Shards held open at most. */
  readonly maxOpen: number
  /** Bound on waiting for a place, in milliseconds. */
  readonly waitTimeoutMs: number
  readonly open: (shard: K) => Promise<EngineReader>
}

const DEFAULT_NAME = 'SnapshotReader'

/** Bound on waiting for one of `maxOpenShards` places, in milliseconds (the Python pool's default). */
export const POOL_WAIT_MS = 30_000

/** Engines that other shards stopped, one after the other, before a call gives up. */
const MAX_INTERRUPTIONS = 8

interface Slot {
  /** Waits for a place and opens the shard. */
  readonly opening: Promise<EngineReader>
  reader: EngineReader | undefined
  users: number
  /** Calls it took while others waited for a place. */
  taken: number
  isLeaving: boolean
  /** Set while a close waits for the last user. */
  onIdle?: () => void
}

/** Calls a shard takes at most while others wait for a place and it is never idle. */
const MAX_TAKEN = 64

/**
 * The open shards of one reader, over all its snapshots: opened when first used, at most `maxOpen`, least
 * recently used closed first.
 *
 * No call waits for ever for a place, for two reasons. What runs while it holds a place (`work`) is a call of the engine,
 * which has a bound and waits for no place: a scan holds one for a chunk, not between two chunks, and a refresh holds
 * none. And a shard that is never idle leaves after `MAX_TAKEN` further calls: those that come later wait in turn.
 */
export class ShardPool<K> {
  readonly #options: ShardPoolOptions<K>
  readonly #places: Places
  // In order of use: the least recent first. Those still waiting for a place are among them.
  readonly #slots = new Map<K, Slot>()
  // What is on its way out, so that `close` can wait for it.
  readonly #closings = new Set<Promise<void>>()
  readonly #failed = new FailedShards<K>()
  /** Places that will be given on by shards which are about to close. */
  #leaving = 0
  #closed = false
  /** Closes every shard, each when the calls running on it have ended. */
  readonly close: () => Promise<void>

  constructor(options: ShardPoolOptions<K>) {
    this.#options = options
    this.#places = new Places(options.maxOpen)
    this.close = closeOnce(() => this.#close())
  }

  /** The error of every call after `close()`. */
  closedError(): ShardyfusionError {
    return closed(this.#options.name ?? DEFAULT_NAME, 'this reader is closed; open a new one')
  }

  /** Number of shards open, opening or waiting to be opened. */
  get size(): number {
    return this.#slots.size
  }

  /**
   * Runs `work` on the shard's reader, which stays open until it ends.
   *
   * A reader the engine failed under is let go of, so that the next call opens the shard anew. If the whole engine
   * stopped, `work` is run again on a new one: several times if other shards stopped it, once if this shard did.
   * A shard that cannot be opened, or stops the engine again, fails at once for some seconds, or until `forget`.
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

  /** Tries shards that failed again at their next use. */
  forget(): void {
    this.#failed.clear()
  }

  /** The value of a key if an open shard can tell at once (`EngineReader.peek`); null if it takes `use`. */
  peek(shard: K, key: Uint8Array): Uint8Array | undefined | null {
    const slot = this.#slots.get(shard)
    const reader = slot?.reader
    if (reader?.peek === undefined) return null
    this.#touch(shard, slot!)
    try {
      return reader.peek(key)
    } catch {
      // `use` meets the same failure, and knows what to do about it.
      return null
    }
  }

  #touch(shard: K, slot: Slot): void {
    this.#slots.delete(shard)
    this.#slots.set(shard, slot)
  }

  async #use<T>(shard: K, work: (reader: EngineReader) => Promise<T>): Promise<T> {
    if (this.#closed) throw this.closedError()
    // No pause between finding the slot and counting as its user: an unused one may be closed at any.
    const slot = this.#slotFor(shard)
    this.#touch(shard, slot)
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
    if (this.#places.waiting <= this.#leaving) slot.taken = 0
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
      taken: 0,
      isLeaving: false,
    }
    slot.opening.then(
      (reader) => (slot.reader = reader),
      () => {
        // The next call tries again.
        if (this.#slots.get(shard) === slot) this.#slots.delete(shard)
      },
    )
    return slot
  }

  async #open(shard: K): Promise<EngineReader> {
    const { name = DEFAULT_NAME, waitTimeoutMs, maxOpen, open } = this.#options
    const place = this.#places.take(waitTimeoutMs, () => exhausted(name, maxOpen, waitTimeoutMs))
    this.#evictForWaiting()
    await place
    try {
      if (this.#closed) throw this.closedError()
      return await open(shard)
    } catch (error) {
      this.#places.give()
      if ((error as Partial<ShardyfusionError>).details?.['stopped'] !== true)
        this.#failed.remember(shard, error)
      throw error
    }
  }

  /** Closes as many unused shards as there are others waiting for their places. */
  #evictForWaiting(): void {
    if (this.#places.waiting <= this.#leaving) return
    for (const [shard, slot] of this.#slots) {
      if (slot.users > 0 || slot.reader === undefined) continue
      this.#slots.delete(shard)
      void this.#track(this.#evict(slot.reader))
      if (this.#places.waiting <= this.#leaving) return
    }
  }

  async #evict(reader: EngineReader): Promise<void> {
    this.#leaving++
    try {
      await reader.close()
    } catch {
      // Shards never change, so nothing is lost, and those who wait have asked for other shards.
    }
    this.#leaving--
    this.#places.give()
  }

  /** Closes these shards, each when the calls running on it have ended, and gives their places on. */
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
    // Who began it hears of its failure; those who only wait for it do not.
    tracked.catch(() => {})
    this.#closings.add(tracked)
    return tracked
  }

  async #closeSlot(slot: Slot): Promise<void> {
    // An opening that failed has told its caller, and given its place back.
    const reader = await slot.opening.catch(() => undefined)
    if (reader === undefined) return
    // Freed under a running call, an engine may take the process with it.
    if (slot.users > 0) await new Promise<void>((resolve) => (slot.onIdle = resolve))
    try {
      await reader.close()
    } finally {
      if (slot.isLeaving) this.#leaving--
      this.#places.give()
    }
  }

  async #close(): Promise<void> {
    this.#closed = true
    this.#places.refuse(() => this.closedError())
    await this.release([...this.#slots.keys()])
    await Promise.allSettled(this.#closings)
  }
}

/** Whether the reader, too, is of no more use: damaged data leave it as it is, and the next key may be found. */
function isBroken(error: unknown): boolean {
  return (
    isShardyfusionError(error) && error.code === 'SHARD_ENGINE' && error.details['kind'] !== 'Data'
  )
}

function exhausted(name: string, maxOpen: number, waitTimeoutMs: number): ShardyfusionError {
  return timeout(
    name,
    `all ${maxOpen} open shards were busy for ${waitTimeoutMs} ms; raise maxOpenShards`,
    { peer: 'PoolExhaustedError', details: { maxOpenShards: maxOpen } },
  )
}
