import type { EngineWriter } from '../engine/engine.js'

export interface ShardAttemptsOptions {
  readonly shard: number
  /** Number of the first attempt; each later one has the next. */
  readonly firstAttempt: number
  readonly urlOf: (attempt: number) => string
  readonly openWriter: (url: string) => Promise<EngineWriter>
}

/** The attempts at one shard, each with a URL and an engine of its own. */
export class ShardAttempts {
  readonly #options: ShardAttemptsOptions
  readonly urls: string[] = []

  constructor(options: ShardAttemptsOptions) {
    this.#options = options
  }

  get shard(): number {
    return this.#options.shard
  }

  /** Number of the latest attempt; of the first before there is one. */
  get attempt(): number {
    return this.#options.firstAttempt + Math.max(0, this.urls.length - 1)
  }

  /** URL of the latest attempt. */
  get url(): string {
    return this.#options.urlOf(this.attempt)
  }

  /** Begins the next attempt. */
  async open(): Promise<EngineWriter> {
    const { firstAttempt, urlOf, openWriter } = this.#options
    const url = urlOf(firstAttempt + this.urls.length)
    // Noted before it is opened: an open that fails may have written there.
    this.urls.push(url)
    return openWriter(url)
  }
}
