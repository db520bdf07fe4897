import { decodeError, unpackErrors } from '@shardyfusion/core/internal'
import type { BridgeHandle } from '../bridge/bridge-handle.js'
import type { CallLimits } from '../bridge/sleep.js'
import type { Listeners } from '../options.js'
import type { WriterMail } from '../protocol/streams.js'

/** Moves mail to a writer in the worker, which takes it while the caller continues. */
export class Outbox {
  readonly #handle: BridgeHandle
  readonly #listeners: Listeners | undefined
  #underWay = 0
  #failure: { readonly error: unknown } | undefined

  constructor(handle: BridgeHandle, listeners?: Listeners) {
    this.#handle = handle
    this.#listeners = listeners
    handle.bridge.listen(handle.id, (mail) => this.#take(mail as WriterMail))
  }

  /** Waits only when `bufferBytes` are under way. */
  send(mail: { readonly bytes: number }, move: ArrayBuffer[], limits: CallLimits): void {
    this.throwIfFailed()
    const { bridge, id, options } = this.#handle
    this.#underWay += mail.bytes
    bridge.post(id, mail, move)
    try {
      bridge.deliver(limits.where)
      bridge.waitFor(() => this.#underWay <= options.bufferBytes, limits)
    } catch (error) {
      this.fail(error)
    }
    this.throwIfFailed()
  }

  /** Nothing can be sent any more, for this reason. */
  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #take(mail: WriterMail): void {
    if ('taken' in mail) this.#underWay -= mail.taken
    else if ('event' in mail) this.#listeners?.[mail.event]?.(unpackErrors(mail.value))
    else this.fail(decodeError(mail.error))
  }
}
