/** A shard that buffers rows in memory and can spill them to disk. */
export interface Spillable {
  readonly heldBytes: number
  spill(): Promise<void>
}

/** Bounds the memory of all shards together by spilling the one with the most rows. */
export class SortMemory {
  readonly #limitBytes: number
  readonly #members = new Set<Spillable>()
  #bytes = 0
  #relieving: Promise<boolean> | undefined

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  join(member: Spillable): void {
    this.#members.add(member)
  }

  leave(member: Spillable): void {
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
    for (const member of this.#members) {
      if (member.heldBytes > (largest?.heldBytes ?? 0)) largest = member
    }
    await largest?.spill()
    return largest !== undefined
  }
}
