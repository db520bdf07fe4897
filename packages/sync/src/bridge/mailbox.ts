import { type MessagePort, receiveMessageOnPort, type Transferable } from 'node:worker_threads'
import { MAIL } from '../protocol/layout.js'
import type { ToCaller, ToWorker } from '../protocol/messages.js'
import { decodeError } from '@shardyfusion/core/internal'

export type PostedReply = Exclude<ToCaller, { to: number }>

/** The caller's end of the port: mail is taken when this thread asks for it, as it hears no events while it waits. */
export class Mailbox {
  readonly #control: Int32Array
  readonly #port: MessagePort
  readonly #inboxes = new Map<number, (body: unknown) => void>()
  /** MAIL when all mail was taken last. */
  #seen = 0
  #expected = 0
  #reply: PostedReply | undefined
  #diedOf: { readonly error: unknown } | undefined

  constructor(control: Int32Array, port: MessagePort) {
    this.#control = control
    this.#port = port
  }

  /** The reason the worker sent before it died. */
  get diedOf(): { readonly error: unknown } | undefined {
    return this.#diedOf
  }

  listen(id: number, take: (body: unknown) => void): void {
    this.#inboxes.set(id, take)
  }

  unlisten(id: number): void {
    this.#inboxes.delete(id)
  }

  send(message: ToWorker, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage(message, transfer)
  }

  /** Only the reply of this call counts now. */
  expect(seq: number): void {
    this.#expected = seq
    this.#reply = undefined
  }

  /** The posted reply of the expected call. */
  takeReply(): PostedReply | undefined {
    // It was posted before the call was marked done, and MAIL may be counted up only after that.
    if (this.#reply === undefined) this.#drain()
    const reply = this.#reply
    this.#reply = undefined
    return reply
  }

  get hasNews(): boolean {
    return Atomics.load(this.#control, MAIL) !== this.#seen
  }

  /** Delivers all mail. An error of a listener propagates, and the rest stays for the next delivery. */
  deliver(): void {
    const mail = Atomics.load(this.#control, MAIL)
    if (mail === this.#seen) return
    this.#drain()
    this.#seen = mail
  }

  /**
   * Delivers mail that came before a reply, such as the progress of a build, before its call returns. The reply itself
   * counts as one; if it was counted late, the next check finds it.
   */
  deliverBesidesReply(): void {
    const news = Atomics.load(this.#control, MAIL) - this.#seen
    if (news === 1) this.#seen++
    else if (news !== 0) this.deliver()
  }

  #drain(): void {
    for (let m = receiveMessageOnPort(this.#port); m; m = receiveMessageOnPort(this.#port)) {
      this.#take(m.message as ToCaller)
    }
  }

  #take(message: ToCaller): void {
    if ('to' in message) {
      this.#inboxes.get(message.to)?.(message.body)
      return
    }
    if ('diedOf' in message) this.#diedOf = { error: decodeError(message.diedOf) }
    // Anything else is the reply of an aborted call.
    if (message.seq === this.#expected) this.#reply = message
  }
}
