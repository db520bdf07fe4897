import type { MessagePort, Transferable } from 'node:worker_threads'
import { MAIL, type SharedArea } from '../protocol/layout.js'
import type { ToCaller } from '../protocol/messages.js'

/** The part of the bridge that calls and streams use in the worker. */
export class WorkerLink {
  /** The receivers of stream messages, by stream id. */
  readonly inboxes = new Map<number, (body: unknown) => void>()
  readonly #shared: SharedArea
  readonly #port: MessagePort
  readonly #onIdle: () => void
  #busy = 0

  constructor(shared: SharedArea, port: MessagePort, onIdle: () => void) {
    this.#shared = shared
    this.#port = port
    this.#onIdle = onIdle
  }

  /** True while anything asynchronous is under way: then the event loop must run. */
  get busy(): boolean {
    return this.#busy > 0
  }

  /** Keeps the event loop running until the work, with all that is posted about it, has settled. */
  track(work: Promise<unknown>): void {
    this.#busy++
    const settled = (): void => {
      this.#busy--
      // May block for the next call, so the work must be complete here.
      this.#onIdle()
    }
    work.then(settled, settled)
  }

  /** Posts to a stream of the caller's. */
  post(to: number, body: unknown, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage({ to, body } satisfies ToCaller, transfer)
    this.announce()
  }

  /** Wakes a caller that sleeps until there is mail. */
  announce(): void {
    // Worker thread; pairs with the caller's load of MAIL before it looks and its wait on that value.
    Atomics.add(this.#shared.control, MAIL, 1)
    Atomics.notify(this.#shared.control, MAIL)
  }
}
