import type { EngineWriter } from '../../engine/engine.js'

export interface ShardAttemptsOptions {
  readonly shard: number
  /** Number of the first attempt; each later one has the next that is free. */
  readonly firstAttempt: number
  readonly urlOf: (attempt: number) => string
  /** Takes a URL for this build alone; false if another build has it. */
  readonly claim: (url: string) => Promise<boolean>
  readonly openWriter: (url: string) => Promise<EngineWriter>
}

/** The attempts at one shard, each with a URL and an engine of its own. */
export class ShardAttempts {
  readonly #options: ShardAttemptsOptions
  readonly urls: string[] = []
  #next: number
  #startedAt = performance.now()

  constructor(options: ShardAttemptsOptions) {
    this.#options = options
    this.#next = options.firstAttempt
  }

  get shard(): number {
    return this.#options.shard
  }

  /** Number of the latest attempt; of the first before there is one. */
  get attempt(): number {
    return Math.max(this.#options.firstAttempt, this.#next - 1)
  }

  /** URL of the latest attempt. */
  get url(): string {
    return this.#options.urlOf(this.attempt)
  }

  /** Milliseconds since the latest attempt was begun. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** Begins the next attempt. */
  async open(): Promise<EngineWriter> {
    const { urlOf, claim, openWriter } = this.#options
    let url = urlOf(this.#next++)
    while (!(await claim(url))) url = urlOf(this.#next++)
    // Noted before it is opened: an open that fails may have written there.
    this.urls.push(url)
    this.#startedAt = performance.now()
    return openWriter(url)
  }
}
