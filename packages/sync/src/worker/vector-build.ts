import type { PublishedSnapshot, RoutingContext } from '@shardyfusion/core'
import { VectorChunk, VectorRow } from '@shardyfusion/core/internal'
import type { VectorMail, VectorPlace } from '../protocol/streams.js'
import type { Openable } from './handles.js'
import type { PutQueue } from './put-queue.js'

/** A checked vector as a record of `writeVectors`, which takes it as it is. */
export class PlacedVector extends VectorRow {
  readonly shard: number | undefined
  readonly columns: RoutingContext | undefined

  constructor(chunk: VectorChunk, i: number, { shard, context }: VectorPlace) {
    super(chunk.id(i), chunk.vector(i), chunk.payload(i))
    this.shard = shard
    this.columns = context
  }
}

interface Batch {
  readonly records: readonly PlacedVector[]
  readonly taken: () => void
}

/** A build of vectors without keys: `writeVectors`, whose records come as mail. */
export class VectorBuild implements Openable {
  readonly #stop: AbortController
  readonly #result: Promise<PublishedSnapshot>
  readonly #started: Promise<void>
  #start: () => void = () => {}
  #queue: PutQueue<VectorMail> | undefined
  #batch: Batch | undefined
  #ended = false
  #wake: () => void = () => {}

  constructor(
    write: (records: AsyncIterable<PlacedVector>) => Promise<PublishedSnapshot>,
    stop: AbortController,
  ) {
    this.#stop = stop
    this.#started = new Promise((resolve) => {
      this.#start = resolve
    })
    this.#result = write(this.#records())
    // Reported by the next call.
    this.#result.catch(() => {})
  }

  /** Resolves when the build takes records; rejects if its options are wrong. */
  async started(): Promise<void> {
    await Promise.race([this.#started, this.#result])
  }

  startWith(queue: PutQueue<VectorMail>): void {
    this.#queue = queue
  }

  /** Resolves when the build has taken all vectors; rejects with what ended it. */
  async put({ buffer, places }: VectorMail): Promise<void> {
    const chunk = VectorChunk.fromBuffer(buffer)
    const records = places.map((place, i) => new PlacedVector(chunk, i, place))
    const taken = new Promise<void>((resolve) => {
      this.#batch = { records, taken: resolve }
    })
    this.#wake()
    await Promise.race([taken, this.#result])
  }

  /** Publishes what was put; `signal` ends the build. */
  async publish(signal: AbortSignal): Promise<PublishedSnapshot> {
    signal.addEventListener('abort', () => this.#stop.abort(signal.reason), { once: true })
    await this.#queue?.drained()
    this.#ended = true
    this.#wake()
    return this.#result
  }

  /** Ends a build that is not published: its objects are removed. */
  async close(reason?: unknown): Promise<void> {
    this.#stop.abort(reason)
    this.#wake()
    await this.#queue?.stop()
    await this.#result.catch(() => {})
  }

  async *#records(): AsyncGenerator<PlacedVector> {
    this.#start()
    for (;;) {
      const batch = this.#batch
      if (batch !== undefined) {
        yield* batch.records
        this.#batch = undefined
        batch.taken()
        continue
      }
      if (this.#stop.signal.aborted) throw this.#stop.signal.reason
      if (this.#ended) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
