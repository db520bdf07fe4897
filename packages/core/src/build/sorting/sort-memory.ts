/** A shard that holds rows in memory and can put them on disk. */
export interface Spillable {
  readonly heldBytes: number
  spill(): Promise<void>
}

/** Keeps the rows of all shards together below a bound by having the one that holds most put them on disk. */
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

  /** Counts bytes that are held now; waits while they are too many. */
  async take(bytes: number): Promise<void> {
    this.#bytes += bytes
    while (this.#bytes > this.#limitBytes) {
      this.#relieving ??= this.#relieve().finally(() => {
        this.#relieving = undefined
      })
      // The rest belongs to shards that are being sealed, which will soon have let go of it.
      if (!(await this.#relieving)) return
    }
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }

  /** False if no shard holds anything. */
  async #relieve(): Promise<boolean> {
    let largest: Spillable | undefined
    for (const member of this.#members) {
      if (member.heldBytes > (largest?.heldBytes ?? 0)) largest = member
    }
    await largest?.spill()
    return largest !== undefined
  }
}
