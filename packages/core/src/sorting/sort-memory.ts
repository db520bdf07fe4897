/** A shard that buffers rows in memory and can spill them to disk. */
export interface Spillable {
  readonly heldBytes: number
  spill(): Promise<void>
}

/** Bounds the memory of all shards together by spilling the one with the most rows. */
export class SortMemory {
  #limitBytes: number
  /** The bytes that each member added to the limit. */
  readonly #members = new Map<Spillable, number>()
  #bytes = 0
  #relieving: Promise<boolean> | undefined

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Adds a member, and `bytes` to the limit. */
  join(member: Spillable, bytes = 0): void {
    this.#members.set(member, bytes)
    this.#limitBytes += bytes
  }

  leave(member: Spillable): void {
    this.#limitBytes -= this.#members.get(member) ?? 0
    this.#members.delete(member)
  }

  /** Counts newly buffered bytes; waits while they are too many. */
  async take(bytes: number): Promise<void> {
    this.#bytes += bytes
    while (this.#bytes > this.#limitBytes) {
      this.#relieving ??= this.#relieve().finally(() => {
        this.#relieving = undefined
      })
      // The rest belongs to shards that are being sealed, which will soon release it.
      if (!(await this.#relieving)) return
    }
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }

  /** Returns false if no shard has buffered rows. */
  async #relieve(): Promise<boolean> {
    let largest: Spillable | undefined
    for (const member of this.#members.keys()) {
      if (member.heldBytes > (largest?.heldBytes ?? 0)) largest = member
    }
    await largest?.spill()
    return largest !== undefined
  }
}
