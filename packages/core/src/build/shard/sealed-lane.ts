import type { ShardyfusionError } from '../../errors.js'
import { invalidOption } from '../../errors/error-factories.js'
import { InputDigest } from '../open/input-digest.js'
import type { SealRecord } from './seal-record.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'
import type { ShardLane } from './shard-lane.js'

/**
 * The lane of a shard that an earlier process has sealed: counts its rows again and writes none.
 *
 * Errors: SHARD_INVALID_OPTION as soon as the rows are known to be others than those that were sealed.
 */
export class SealedLane implements ShardLane {
  readonly shard: number
  readonly bufferedBytes = 0
  // Not of this build, so not for it to remove.
  readonly attemptUrls: readonly string[] = []
  readonly sealedUrl: undefined
  readonly #record: SealRecord
  readonly #digest: InputDigest | undefined
  #rows = 0
  #sealing: Promise<ShardAttemptResult> | undefined

  constructor(record: SealRecord) {
    this.#record = record
    this.#digest = record.inputDigest === undefined ? undefined : new InputDigest()
    this.shard = record.result.id
  }

  push(key: Uint8Array, value: Uint8Array): undefined {
    this.#rows++
    if (this.#rows > this.#record.result.rowCount) throw this.#mismatch(`${this.#rows} or more`)
    this.#digest?.add(key, value)
  }

  flushBuffer(): undefined {}

  seal(): Promise<ShardAttemptResult> {
    this.#sealing ??= this.#seal()
    return this.#sealing
  }

  async close(): Promise<void> {}

  async #seal(): Promise<ShardAttemptResult> {
    const { result, inputDigest } = this.#record
    if (this.#rows !== result.rowCount) throw this.#mismatch(`${this.#rows}`)
    if (this.#digest?.finish() !== inputDigest)
      throw this.#mismatch('as many with other content or in another order')
    return result
  }

  #mismatch(rows: string): ShardyfusionError {
    const { build, result } = this.#record
    return invalidOption(
      'SnapshotWriter',
      `resume: shard ${this.shard} of run ${build.run_id} was sealed with ${result.rowCount} rows, and ` +
        `now gets ${rows}; resume with the input the run was begun with, row for row, or build under another runId`,
      { details: { runId: build.run_id, shard: this.shard, sealedRows: result.rowCount } },
    )
  }
}
