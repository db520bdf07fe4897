import pLimit from 'p-limit'
import { throwIfAborted } from '../../async/abort.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'
import type { ShardLane } from './shard-lane.js'

/** Number of rows between two checks of the buffered bytes. */
const ROWS_PER_BUFFER_CHECK = 256

/** Shards that are found by their numbers. */
const FIRST_LANES = 4096

/** The lanes of a build: one for each shard, opened with its first row. */
export class ShardLanes {
  readonly #open: (shard: number) => ShardLane
  readonly #maxBufferedBytes: number
  readonly #lanes = new Map<number, ShardLane>()
  /** Those of low numbers, by their numbers: an array is several times faster than a map. */
  readonly #first: (ShardLane | undefined)[] = []

  /** `adopted` are those of shards that are sealed already. */
  constructor(
    open: (shard: number) => ShardLane,
    maxBufferedBytes: number,
    adopted: Iterable<ShardLane>,
  ) {
    this.#open = open
    this.#maxBufferedBytes = maxBufferedBytes
    for (const lane of adopted) this.#add(lane)
  }

  get size(): number {
    return this.#lanes.size
  }

  /** The lane of a shard. */
  of(shard: number): ShardLane {
    return this.#first[shard] ?? this.#lanes.get(shard) ?? this.#add(this.#open(shard))
  }

  #add(lane: ShardLane): ShardLane {
    this.#lanes.set(lane.shard, lane)
    if (lane.shard < FIRST_LANES) this.#first[lane.shard] = lane
    return lane
  }

  /**
   * Returns the promise to await after a row: that of its lane, or now and then one that bounds the
   * batches of all shards together by writing the fullest early.
   */
  pace(wait: Promise<void> | undefined, rows: number): Promise<void> | undefined {
    return wait ?? (rows % ROWS_PER_BUFFER_CHECK === 0 ? this.#relieve() : undefined)
  }

  #relieve(): Promise<void> | undefined {
    let sum = 0
    let fullest: ShardLane | undefined
    for (const lane of this.#lanes.values()) {
      sum += lane.bufferedBytes
      if (lane.bufferedBytes > (fullest?.bufferedBytes ?? 0)) fullest = lane
    }
    return sum > this.#maxBufferedBytes ? fullest?.flushBuffer() : undefined
  }

  /**
   * Seals the shards, a few at a time, and returns their results; calls `sealed` with each one as it
   * finishes. The next shard starts when the engine of one is done, while its mark is still stored.
   *
   * After a failure no new one starts, but running ones are awaited, because they still write.
   */
  async seal(o: {
    readonly concurrency: number
    readonly signal: AbortSignal | undefined
    readonly sealed: () => void
  }): Promise<ShardAttemptResult[]> {
    const limit = pLimit(o.concurrency)
    const results: ShardAttemptResult[] = []
    const failures: unknown[] = []
    const ends: Promise<void>[] = []
    const sealOne = async (lane: ShardLane, written: () => void): Promise<void> => {
      try {
        throwIfAborted(o.signal)
        results.push(await lane.seal(written))
        o.sealed()
      } catch (error) {
        failures.push(error)
      }
      written()
    }
    await limit.map(this.#lanes.values(), async (lane) => {
      if (failures.length > 0) return
      await new Promise<void>((written) => {
        ends.push(sealOne(lane, written))
      })
    })
    await Promise.all(ends)
    if (failures.length > 0) throw failures[0]
    return results
  }

  /** Closes all lanes, then throws the first failure. */
  async close(): Promise<void> {
    const closings = await Promise.allSettled([...this.#lanes.values()].map((lane) => lane.close()))
    for (const closing of closings) if (closing.status === 'rejected') throw closing.reason
  }

  [Symbol.iterator](): Iterator<ShardLane> {
    return this.#lanes.values()
  }
}
