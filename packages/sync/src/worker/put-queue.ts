import { encodeError } from '@shardyfusion/core/internal'
import type { PutMail, WriterMail } from '../protocol/streams.js'
import type { WorkerLink } from './worker-link.js'

/** Puts the chunks of one writer, in order, and acknowledges their bytes to the caller. */
export class PutQueue {
  readonly #link: WorkerLink
  readonly #id: number
  readonly #put: (mail: PutMail) => Promise<void>
  #tail: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  constructor(link: WorkerLink, id: number, put: (mail: PutMail) => Promise<void>) {
    this.#link = link
    this.#id = id
    this.#put = put
  }

  push(mail: PutMail): void {
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

  async #take(mail: PutMail): Promise<void> {
    const bytes = mail.chunk.buffer.byteLength
    try {
      // After a failure the remaining chunks are only acknowledged.
      if (this.#failure === undefined) await this.#put(mail)
    } catch (error) {
      this.#failure ??= { error }
      this.#link.post(this.#id, { error: encodeError(error) } satisfies WriterMail)
    }
    this.#link.post(this.#id, { taken: bytes } satisfies WriterMail)
  }
}
