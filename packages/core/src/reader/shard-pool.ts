import type { EngineReader } from '../engine/engine.js'
import { ShardyfusionError } from '../errors.js'
import { orTimeout } from '../util/abort.js'
import { runAll } from '../util/close-once.js'

export interface ShardPoolOptions {
  /** Shards held open at most. */
  readonly maxOpen: number
  /** Bound on waiting for a place, in milliseconds. */
  readonly waitTimeoutMs: number
  readonly open: (shard: number) => Promise<EngineReader>
}

interface Slot {
  readonly opening: Promise<EngineReader>
  reader: EngineReader | undefined
  users: number
  /** Set while a close waits for the last user. */
  onIdle?: () => void
}

/**
 * The open shards of one snapshot: opened when first used, at most `maxOpen`, least recently used closed first.
 *
 * Only a running call holds a shard; a scan between two chunks does not, so a place always becomes free.
 */
export class ShardPool {
  readonly #options: ShardPoolOptions
  // In order of use: the least recent first.
  readonly #slots = new Map<number, Slot>()
  #closing = 0
  #waiting: (() => void)[] = []
  #closed = false

  constructor(options: ShardPoolOptions) {
    this.#options = options
  }

  /** Number of shards open or opening. */
  get size(): number {
    return this.#slots.size
  }

  /** Runs `work` on the shard's reader, which stays open until it ends. */
  async use<T>(shard: number, work: (reader: EngineReader) => Promise<T>): Promise<T> {
    const slot = this.#slots.get(shard) ?? (await this.#openSlot(shard))
    this.#slots.delete(shard)
    this.#slots.set(shard, slot)
    slot.users++
    try {
      return await work(slot.reader ?? (await slot.opening))
    } finally {
      slot.users--
      if (slot.users === 0) {
        slot.onIdle?.()
        this.#waiting.shift()?.()
      }
    }
  }

  /** Closes every shard, each when the calls running on it have ended. */
  async close(): Promise<void> {
    this.#closed = true
    for (const wake of this.#waiting.splice(0)) wake()
    const slots = [...this.#slots.values()]
    this.#slots.clear()
    await runAll(
      slots.map((slot) => async () => {
        // An opening that failed has told its caller.
        const reader = await slot.opening.catch(() => undefined)
        // Freed under a running call, an engine may take the process with it.
        if (slot.users > 0) await new Promise<void>((resolve) => (slot.onIdle = resolve))
        await reader?.close()
      }),
      'closing shards',
    )
  }

  async #openSlot(shard: number): Promise<Slot> {
    while (!this.#slots.has(shard) && this.#slots.size + this.#closing >= this.#options.maxOpen) {
      await this.#makeRoom()
    }
    if (this.#closed) throw new ShardyfusionError('SHARD_CLOSED', 'this snapshot is closed')
    const existing = this.#slots.get(shard)
    if (existing !== undefined) return existing
    const slot: Slot = { opening: this.#options.open(shard), reader: undefined, users: 0 }
    this.#slots.set(shard, slot)
    slot.opening.then(
      (reader) => {
        slot.reader = reader
      },
      () => {
        // The next call tries again.
        if (this.#slots.get(shard) === slot) this.#slots.delete(shard)
        this.#waiting.shift()?.()
      },
    )
    return slot
  }

  async #makeRoom(): Promise<void> {
    for (const [shard, slot] of this.#slots) {
      if (slot.users > 0 || slot.reader === undefined) continue
      this.#slots.delete(shard)
      this.#closing++
      try {
        await slot.reader.close()
      } finally {
        this.#closing--
        this.#waiting.shift()?.()
      }
      return
    }
    const { waitTimeoutMs, maxOpen } = this.#options
    const freed = new Promise<void>((resolve) => this.#waiting.push(resolve))
    await orTimeout(
      freed,
      waitTimeoutMs,
      () =>
        new ShardyfusionError(
          'SHARD_TIMEOUT',
          `SnapshotReader: all ${maxOpen} open shards were busy for ${waitTimeoutMs} ms; raise maxOpenShards`,
          { retryable: true, details: { peer: 'PoolExhaustedError', maxOpenShards: maxOpen } },
        ),
    )
  }
}
