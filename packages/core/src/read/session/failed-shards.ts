import { isShardyfusionError, ShardyfusionError } from '../../errors.js'

interface Failure {
  readonly error: ShardyfusionError
  readonly until: number
}

/** How long a shard that could not be opened is not retried, in milliseconds. */
const FORGET_MS = 10_000

/**
 * Remembers unreadable shards for a while: opening one costs requests, and may stop the engine for
 * the others.
 */
export class FailedShards<K> {
  readonly #failures = new Map<K, Failure>()
  readonly #now: () => number

  /** `now` counts milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** Throws the remembered failure of the shard. */
  check(shard: K): void {
    const failure = this.#failures.get(shard)
    if (failure === undefined) return
    const leftMs = failure.until - this.#now()
    if (leftMs > 0) throw repeated(failure.error, leftMs)
    this.#failures.delete(shard)
  }

  /** Remembers a failure that the same data would cause again; ignores others. */
  remember(shard: K, error: unknown): void {
    if (!isShardyfusionError(error) || error.code !== 'SHARD_ENGINE' || error.retryable) return
    this.#failures.set(shard, { error, until: this.#now() + FORGET_MS })
  }

  forget(shard: K): void {
    this.#failures.delete(shard)
  }

  clear(): void {
    this.#failures.clear()
  }
}

function repeated(error: ShardyfusionError, leftMs: number): ShardyfusionError {
  const seconds = Math.ceil(leftMs / 1000)
  return new ShardyfusionError(
    error.code,
    `${error.message} (the shard failed before and is retried in ${seconds} s, or after refresh())`,
    { cause: error.cause, details: { ...error.details, remembered: true, stopped: undefined } },
  )
}
