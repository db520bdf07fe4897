import { throwIfAborted } from '../../async/abort.js'
import type { ShardStats } from '../../build/rows/shard-sink.js'
import type { EngineUpdate } from '../../engine/engine.js'
import type { MergeInput, MergeOutput } from './row-output.js'

/** Has the engine merge: rows that do not change stay in it. */
export class EngineOutput implements MergeOutput {
  readonly #update: EngineUpdate
  readonly #signal: AbortSignal | undefined

  constructor(update: EngineUpdate, signal: AbortSignal | undefined) {
    this.#update = update
    this.#signal = signal
  }

  async merge(input: MergeInput): Promise<void> {
    for await (const chunk of input.changes) {
      await this.#update.add(chunk)
      await this.#steps(input)
    }
    await this.#update.add(undefined)
    await this.#steps(input)
  }

  async seal(): Promise<ShardStats> {
    const { written: rowCount, minKey, maxKey } = this.#update.counts()
    const seal = (await this.#update.seal()) ?? undefined
    const bytes = await this.#update.bytes()
    await this.close()
    return {
      rowCount,
      bytes,
      minKey,
      maxKey,
      seal: { objects: {}, ...seal, keys: seal?.keys ?? rowCount },
    }
  }

  close(): Promise<void> {
    return this.#update.close()
  }

  async #steps({ tally, onRows }: MergeInput): Promise<void> {
    for (let isDone = false; !isDone;) {
      throwIfAborted(this.#signal)
      isDone = await this.#update.step()
      const { read, written, inserted, replaced, deleted } = this.#update.counts()
      const before = tally.written
      Object.assign(tally, { read, written, inserted, replaced, deleted })
      onRows(written - before)
    }
  }
}
