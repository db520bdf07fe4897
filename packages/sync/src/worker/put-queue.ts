import { encodeError } from '@shardyfusion/core/internal'
import type { WriterMail } from '../protocol/streams.js'
import type { WorkerLink } from './worker-link.js'

/** Puts the mail of one writer, in order, and acknowledges their bytes to the caller. */
export class PutQueue<M extends { readonly bytes: number }> {
  readonly #link: WorkerLink
  readonly #id: number
  readonly #put: (mail: M) => Promise<void>
  #tail: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  constructor(link: WorkerLink, id: number, put: (mail: M) => Promise<void>) {
    this.#link = link
    this.#id = id
    this.#put = put
  }

  push(mail: M): void {
    this.#tail = this.#tail.then(() => this.#take(mail))
    this.#link.track(this.#tail)
  }

  /** Resolves when everything pushed so far was put; rejects with what failed. */
  async drained(): Promise<void> {
    await this.#tail
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Puts nothing further; resolves when nothing is being put. */
  async stop(): Promise<void> {
    this.#failure ??= { error: new Error('this writer is closed') }
    await this.#tail
  }

  async #take(mail: M): Promise<void> {
    try {
      // After a failure the remaining chunks are only acknowledged.
      if (this.#failure === undefined) await this.#put(mail)
    } catch (error) {
      this.#failure ??= { error }
      this.#link.post(this.#id, { error: encodeError(error) } satisfies WriterMail)
    }
    this.#link.post(this.#id, { taken: mail.bytes } satisfies WriterMail)
  }
}
