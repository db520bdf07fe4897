import type { KeyEncoding } from '../types.js'
import { newOpaqueId } from '../util/opaque-id.js'
import { attemptResult, type ShardAttemptResult } from './shard-attempt-result.js'
import type { ShardAttempts } from './shard-attempts.js'
import type { ShardLane } from './shard-lane.js'
import { ShardSink, type ShardSinkOptions } from './shard-sink.js'

export interface EngineLaneOptions extends Omit<ShardSinkOptions, 'open'> {
  readonly attempts: ShardAttempts
  readonly keyEncoding: KeyEncoding
}

/** The lane that writes with an engine of this thread. */
export class EngineLane implements ShardLane {
  readonly #options: EngineLaneOptions
  readonly #sink: ShardSink
  #sealing: Promise<ShardAttemptResult> | undefined

  constructor(options: EngineLaneOptions) {
    this.#options = options
    const { attempts } = options
    this.#sink = new ShardSink({ ...options, open: () => attempts.open() })
  }

  get shard(): number {
    return this.#options.attempts.shard
  }

  get bufferedBytes(): number {
    return this.#sink.bufferedBytes
  }

  get attemptUrls(): readonly string[] {
    return this.#options.attempts.urls
  }

  push(key: Uint8Array, value: Uint8Array): Promise<void> | undefined {
    return this.#sink.push(key, value)
  }

  flushBuffer(): Promise<void> | undefined {
    return this.#sink.flushBuffer()
  }

  seal(): Promise<ShardAttemptResult> {
    this.#sealing ??= this.#seal()
    return this.#sealing
  }

  close(): Promise<void> {
    return this.#sink.close()
  }

  async #seal(): Promise<ShardAttemptResult> {
    const startedAt = performance.now()
    const stats = await this.#sink.seal()
    const { attempts, keyEncoding } = this.#options
    const { shard, attempt, url, urls } = attempts
    return attemptResult({
      shard,
      url,
      keyEncoding,
      stats,
      checkpointId: newOpaqueId(),
      writerInfo: { attempt, durationMs: Math.round(performance.now() - startedAt) },
      allAttemptUrls: urls,
    })
  }
}
