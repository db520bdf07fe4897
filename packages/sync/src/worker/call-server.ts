import { setTimeout as delay } from 'node:timers/promises'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { type CallContext, type CallTable, FIRST_OP, QUIESCE_OP } from '../protocol/call-table.js'
import {
  CALL,
  CALLER,
  CallerState,
  callWord,
  copyOut,
  KIND,
  MAIL,
  MOVE_REPLY_BYTES,
  OP,
  Phase,
  phaseOf,
  REPLY_AREA_BYTES,
  REPLY_BYTES,
  ReplyKind,
  REQUEST_BYTES,
  seqOf,
  type SharedArea,
} from '../protocol/layout.js'
import type { ToCaller, ToWorker } from '../protocol/messages.js'
import {
  decodeError,
  encodeError,
  type WireError,
  isBytes,
  isArrayBuffer,
  isPromise,
} from '@shardyfusion/core/internal'
import type { WorkerLink } from './worker-link.js'

const SIGN_OF_LIFE_MS = 500
const DRAIN_MS = 100

/** The host object of the calls of a table. */
export interface WorkerHost {
  /** Ends everything that is open; afterwards nothing of the host is under way. */
  close(): Promise<void>
  /** True when the thread must not end while anything is under way, however long it takes. */
  readonly mustDrain?: boolean
  /** Takes back the result of a call whose caller has given up. */
  discard?(value: unknown): void
}

type Request = { readonly args: readonly unknown[] } | { readonly bytes: Uint8Array }

/** Makes a signal only for calls that ask for one. */
class Context implements CallContext {
  readonly #aborts: Map<number, AbortController>
  readonly #seq: number

  constructor(aborts: Map<number, AbortController>, seq: number) {
    this.#aborts = aborts
    this.#seq = seq
  }

  get signal(): AbortSignal {
    let abort = this.#aborts.get(this.#seq)
    if (abort === undefined) this.#aborts.set(this.#seq, (abort = new AbortController()))
    return abort.signal
  }
}

/** The worker's side of calls: takes a request, runs it, and replies unless the caller has given up. */
export class CallServer<H extends WorkerHost> {
  readonly #shared: SharedArea
  readonly #port: MessagePort
  readonly #link: WorkerLink
  readonly #calls: readonly CallTable<H>[string][]
  readonly #host: H
  readonly #requests = new Map<number, Request>()
  readonly #aborts = new Map<number, AbortController>()
  #quiescing = false

  constructor(
    shared: SharedArea,
    port: MessagePort,
    link: WorkerLink,
    table: CallTable<H>,
    host: H,
  ) {
    this.#shared = shared
    this.#port = port
    this.#link = link
    this.#calls = Object.values(table)
    this.#host = host
  }

  /** A message from the port. */
  take(message: ToWorker): void {
    if (message === null) return
    if ('to' in message) this.#link.inboxes.get(message.to)?.(message.body)
    else if ('cancel' in message) this.#cancel(message.cancel, message.reason)
    else this.#requests.set(message.seq, message)
  }

  /** Handles all messages there are. */
  drain(): void {
    for (let m = receiveMessageOnPort(this.#port); m; m = receiveMessageOnPort(this.#port)) {
      this.take(m.message as ToWorker)
    }
  }

  /** Runs the call of this CALL word. */
  run(word: number): void {
    const op = this.#shared.control[OP]!
    try {
      if (op === QUIESCE_OP) {
        this.#settle(word, this.quiesce())
        return
      }
      const result = this.#dispatch(op, seqOf(word))
      if (isPromise(result)) this.#settle(word, result)
      else this.#replyWith(word, result)
    } catch (error) {
      this.fail(word, error)
    }
  }

  /** Answers a pending call with an error. */
  fail(word: number, error: unknown): void {
    this.#aborts.delete(seqOf(word))
    if (!this.#claim(word)) return
    this.#postReply({ seq: seqOf(word), error: encodeError(error) })
    this.#finish(word, ReplyKind.error)
  }

  /** Answers a call that is pending with what this thread dies of. */
  failOf(word: number, diedOf: unknown): void {
    if (!this.#claim(word)) return
    this.#postReply({ seq: seqOf(word), diedOf: encodeError(diedOf) })
    this.#finish(word, ReplyKind.error)
  }

  /** Ends calls and streams under way; the thread may go afterwards. */
  async quiesce(): Promise<void> {
    this.#quiescing = true
    for (const abort of this.#aborts.values()) abort.abort()
    // The caller waits as long as the worker shows activity.
    const signs = setInterval(() => {
      if (this.#host.mustDrain === true) this.#link.announce()
    }, SIGN_OF_LIFE_MS)
    try {
      await this.#host.close()
      // Native code delivers results on separate threads, and the last delivery may still be running.
      if (this.#host.mustDrain === true) await delay(DRAIN_MS)
    } finally {
      clearInterval(signs)
    }
  }

  get quiescing(): boolean {
    return this.#quiescing
  }

  #dispatch(op: number, seq: number): unknown {
    const call = this.#calls[op - FIRST_OP]
    if (call === undefined) throw new Error(`bridge: unknown call ${op}`)
    const request = this.#request(seq)
    const context = new Context(this.#aborts, seq)
    if (call.form === 'packed') {
      if (!('bytes' in request)) throw new Error('bridge: a packed call came with arguments')
      return call.run(this.#host, request.bytes, context)
    }
    if (!('args' in request)) throw new Error('bridge: a cloned call came without arguments')
    return call.run(this.#host, context, ...(request.args as never[]))
  }

  #request(seq: number): Request {
    const length = this.#shared.control[REQUEST_BYTES]!
    // A copy: the caller may abort and overwrite the area while the call is still running.
    if (length >= 0) return { bytes: copyOut(this.#shared.request, length) }
    this.drain()
    const request = this.#requests.get(seq)
    if (request === undefined) throw new Error('bridge: the message of a request is missing')
    this.#requests.delete(seq)
    return request
  }

  #cancel(seq: number, reason: WireError | undefined): void {
    this.#requests.delete(seq)
    this.#aborts.get(seq)?.abort(reason && decodeError(reason))
  }

  #settle(word: number, result: Promise<unknown>): void {
    const replied = result.then(
      (value) => this.#replyWith(word, value),
      (error: unknown) => this.fail(word, error),
    )
    this.#link.track(replied)
  }

  #replyWith(word: number, value: unknown): void {
    const seq = seqOf(word)
    this.#aborts.delete(seq)
    if (!this.#claim(word)) {
      this.#host.discard?.(value)
      return
    }
    if (value === undefined) this.#finish(word, ReplyKind.nothing)
    else if (isBytes(value)) this.#replyBytes(word, value)
    else this.#finish(word, this.#postReply({ seq, value }))
  }

  #replyBytes(word: number, bytes: Uint8Array): void {
    const owns = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
    if (bytes.length <= (owns ? MOVE_REPLY_BYTES : REPLY_AREA_BYTES)) {
      this.#shared.reply.set(bytes)
      this.#shared.control[REPLY_BYTES] = bytes.length
      this.#finish(word, ReplyKind.inPlace)
      return
    }
    const movable = owns && isArrayBuffer(bytes.buffer)
    const kind = this.#postReply(
      { seq: seqOf(word), value: bytes },
      movable ? bytes.buffer : undefined,
    )
    this.#finish(word, kind)
  }

  /** Posts a reply, or the error of a value that cannot be posted. */
  #postReply(reply: Exclude<ToCaller, { to: number }>, move?: ArrayBuffer): number {
    try {
      this.#port.postMessage(reply, move === undefined ? [] : [move])
      return 'value' in reply ? ReplyKind.posted : ReplyKind.error
    } catch (cause) {
      const error: WireError = encodeError(cause)
      this.#port.postMessage({ seq: reply.seq, error } satisfies ToCaller)
      return ReplyKind.error
    }
  }

  /** False when the caller has given up. */
  #claim(word: number): boolean {
    // Worker thread; pairs with the caller's exchange of pending for idle when it gives up: one of the two wins.
    const claimed = callWord(seqOf(word), Phase.replying)
    return (
      phaseOf(word) === Phase.pending &&
      Atomics.compareExchange(this.#shared.control, CALL, word, claimed) === word
    )
  }

  #finish(word: number, kind: number): void {
    const { control } = this.#shared
    control[KIND] = kind
    // Worker thread; publishes everything above. The caller either sees it while it spins, or has stored CALLER
    // before it read MAIL, and then is woken here or does not fall asleep.
    Atomics.store(control, CALL, callWord(seqOf(word), Phase.done))
    Atomics.add(control, MAIL, 1)
    if (Atomics.load(control, CALLER) === CallerState.asleep) Atomics.notify(control, MAIL)
  }
}
