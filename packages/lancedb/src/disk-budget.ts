import { orAbort } from '@shardyfusion/core/internal-vector'

/** A copy of a shard on disk that can be made again. */
export interface DiskUser {
  /** True while a call uses it. */
  readonly isBusy: boolean
  /** Removes it from disk, and gives its bytes back. */
  evict(): Promise<void>
}

/**
 * The bytes of all copies of shards that this thread has in temporary folders; the least recently used leave first.
 *
 * A copy that needs room waits for calls that use other copies. It never holds room while it waits, so all get their turn.
 */
class DiskBudget {
  // In order of use: the least recent first.
  readonly #held = new Map<DiskUser, number>()
  #bytes = 0
  #turn: Promise<unknown> = Promise.resolve()
  #waiting: (() => void) | undefined

  /** Waits until `bytes` fit into `most`, and counts them. `bytes` must not be more than `most`. */
  async reserve(
    user: DiskUser,
    bytes: number,
    most: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    // One at a time, in order of arrival, so that small shards do not overtake a large one for ever.
    const turn = this.#turn.then(() => this.#makeRoom(most - bytes, signal))
    const counted = turn.then(() => {
      this.#bytes += bytes
      this.#held.set(user, bytes)
    })
    this.#turn = counted.catch(() => {})
    await counted
  }

  /** Gives back the bytes of a copy; idempotent. */
  release(user: DiskUser): void {
    this.#bytes -= this.#held.get(user) ?? 0
    this.#held.delete(user)
    this.changed()
  }

  /** Makes a copy the most recently used. */
  touch(user: DiskUser): void {
    const bytes = this.#held.get(user)
    if (bytes === undefined) return
    this.#held.delete(user)
    this.#held.set(user, bytes)
  }

  /** A copy may be free now. */
  changed(): void {
    this.#waiting?.()
  }

  async #makeRoom(most: number, signal: AbortSignal | undefined): Promise<void> {
    while (this.#bytes > most) {
      signal?.throwIfAborted()
      const idle = Array.from(this.#held.keys()).find(({ isBusy }) => !isBusy)
      if (idle === undefined) {
        const freed = new Promise<void>((resolve) => {
          this.#waiting = resolve
        })
        await orAbort(freed, signal)
      } else await idle.evict()
    }
  }
}

export const diskBudget = new DiskBudget()
