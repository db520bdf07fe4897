import type { ReaderStats, ShardReaderStats } from '@shardyfusion/core'
import { ShardyfusionError } from '@shardyfusion/core/internal'

/** Something open in the worker; closing is idempotent. */
export interface Openable {
  close(reason?: unknown): Promise<void>
  /** Returns the counts of a reader. */
  stats?(): ReaderStats | ShardReaderStats
}

/** The open objects of the worker, by the caller's ids. */
export class Handles {
  readonly #open = new Map<number, Openable>()

  add(id: number, open: Openable): void {
    this.#open.set(id, open)
  }

  /** The open thing of this kind; the caller's classes ask for no others. */
  get<T extends Openable>(id: number, kind: { readonly name: string; readonly prototype: T }): T {
    const open = this.#open.get(id)
    if (open !== undefined && Object.prototype.isPrototypeOf.call(kind.prototype, open))
      return open as T
    throw closedHandle(kind.name)
  }

  /** The same for a class that this package does not load. */
  find<T extends Openable>(id: number, name: string, isOne: (open: Openable) => open is T): T {
    const open = this.#open.get(id)
    if (open !== undefined && isOne(open)) return open
    throw closedHandle(name)
  }

  /** Closes one and forgets it, and returns its last counts; one that is not there is closed already. */
  async close(id: number, reason?: unknown): Promise<ReaderStats | ShardReaderStats | undefined> {
    const open = this.#open.get(id)
    this.#open.delete(id)
    const stats = open?.stats?.()
    await open?.close(reason)
    return stats
  }

  async closeAll(): Promise<void> {
    // Streams were opened after their sources, and end first.
    for (const id of [...this.#open.keys()].reverse()) await this.close(id).catch(() => {})
  }
}

function closedHandle(name: string): ShardyfusionError {
  return new ShardyfusionError('SHARD_CLOSED', `this ${name} is closed; open a new one`, {
    details: { peer: 'ReaderStateError' },
  })
}
