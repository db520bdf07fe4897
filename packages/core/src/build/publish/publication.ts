import { throwIfAborted } from '../../async/abort.js'
import { type ErrorCode, isShardyfusionError } from '../../errors.js'
import { closed } from '../../errors/error-factories.js'
import { isPublishConflict } from '../../snapshot/catalog/publication-guard.js'

/** The states of a run that refuse more rows, and their reasons. */
export type Refusals = Readonly<
  Record<'publishing' | 'unpublished' | 'failed' | 'published' | 'closed', string>
>

/** Codes of failures after which it is unknown whether the manifest or the pointer was written. */
const UNCERTAIN = new Set<ErrorCode>(['SHARD_PUBLISH', 'SHARD_STORE', 'SHARD_TIMEOUT'])

/**
 * The states of a build or an update: open, publishing, published, closed.
 *
 * A failed preparation is final (`failed`). After a manifest or pointer that may be missing, the
 * publication may be repeated (`unpublished`).
 */
export class Publication<R> {
  readonly #where: string
  readonly #refusals: Refusals
  readonly #signal: AbortSignal | undefined
  #state: 'open' | keyof Refusals = 'open'
  #running: Promise<R> | undefined
  #failure: unknown
  #mayBeVisible = false

  /** `where` is the name of the class that its caller uses. */
  constructor(where: string, refusals: Refusals, signal: AbortSignal | undefined) {
    this.#where = where
    this.#refusals = refusals
    this.#signal = signal
  }

  get isPublished(): boolean {
    return this.#state === 'published'
  }

  /** A stored manifest may name the shards of this run, so that they must not be removed. */
  get mayBeVisible(): boolean {
    return this.#mayBeVisible
  }

  /** Why the run ended without a snapshot. */
  get failure(): unknown {
    return this.#failure ?? closed(this.#where, 'closed without publish()', { peer: null })
  }

  /** Errors: SHARD_CLOSED if the run takes no more rows; the reason of an aborted signal. */
  requireOpen(method: string): void {
    throwIfAborted(this.#signal)
    if (this.#state !== 'open') throw this.#refusal(method, this.#state)
  }

  /** Runs `work`, which publishes; concurrent calls share one. Errors: those of `requireOpen`. */
  run(work: () => Promise<R>): Promise<R> {
    throwIfAborted(this.#signal)
    const state = this.#state
    if (state === 'failed' || state === 'published' || state === 'closed')
      throw this.#refusal('publish', state)
    this.#state = 'publishing'
    this.#running ??= work()
      .catch((error: unknown) => {
        this.#failure = error
        throw error
      })
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }

  /** Runs the part before the manifest, whose failure is final. */
  async prepare<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  /** Runs the part that stores the manifest and moves the pointer. */
  async announce<T>(work: () => Promise<T>): Promise<T> {
    const visibleBefore = this.#mayBeVisible
    this.#mayBeVisible = true
    try {
      const result = await work()
      this.#state = 'published'
      return result
    } catch (error) {
      // A refused manifest was not written. Any other failure may have come after the store had
      // written it, so this run may be listed, or even current.
      const isRefused = isShardyfusionError(error) && !UNCERTAIN.has(error.code)
      if (isRefused || isPublishConflict(error)) {
        this.#mayBeVisible = visibleBefore
        this.#state = 'failed'
      } else this.#state = 'unpublished'
      throw error
    }
  }

  /** Takes no more rows, and waits for a running publication, whose own caller gets its error. */
  async close(reason: unknown): Promise<void> {
    this.#failure ??= reason
    // Without an await, if nothing is running: calls that follow must be refused at once.
    if (this.#running !== undefined) await this.#running.catch(() => {})
    if (!this.isPublished) this.#state = 'closed'
  }

  #refusal(method: string, state: keyof Refusals): Error {
    return closed(`${this.#where}.${method}`, this.#refusals[state], { details: { state } })
  }
}
