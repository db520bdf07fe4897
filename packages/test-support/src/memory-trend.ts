import assert from 'node:assert/strict'
import { type HeldMemory, heldMemory } from './held-memory.js'

const MIB = 2 ** 20

/**
 * Readings of the memory that is held after each of several equal rounds of work.
 *
 * A leak grows all the time; code that gets warm, and pages that are not given back at once, raise single readings, or
 * all later ones once. So the first quarter of the readings does not count, and the growth is the smaller of those
 * between the least readings of the other quarters.
 */
export class MemoryTrend {
  readonly #readings: HeldMemory[] = []

  /** Takes a reading. */
  async read(): Promise<void> {
    this.#readings.push(await heldMemory())
  }

  /** The growth in a quarter of the readings, in bytes. */
  growth(): HeldMemory {
    const quarter = Math.floor(this.#readings.length / 4)
    assert.ok(quarter >= 2, `${this.#readings.length} readings show no trend`)
    const warm = this.#readings.slice(-3 * quarter)
    const grown = (part: keyof HeldMemory): number => {
      const [first, second, third] = [0, 1, 2].map((i) =>
        Math.min(...warm.slice(i * quarter, (i + 1) * quarter).map((reading) => reading[part])),
      ) as [number, number, number]
      return Math.min(second - first, third - second)
    }
    return { heap: grown('heap'), resident: grown('resident') }
  }

  /** Fails if a quarter of the rounds leaves more than these bytes. */
  assertNoGrowth(bounds: HeldMemory): void {
    const growth = this.growth()
    for (const part of ['heap', 'resident'] as const) {
      const readings = this.#readings.map((reading) => (reading[part] / MIB).toFixed(1)).join(' ')
      assert.ok(
        growth[part] <= bounds[part],
        `${part} grew by ${growth[part]} bytes: ${readings} MiB`,
      )
    }
  }
}
