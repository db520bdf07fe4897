import {
  CALL,
  CALLER,
  CallerState,
  callWord,
  copyIn,
  Flag,
  FLAGS,
  MAIL,
  nextSeq,
  OP,
  Phase,
  REQUEST_AREA_BYTES,
  REQUEST_BYTES,
  type SharedArea,
  WAKE,
  WORKER,
  WorkerState,
} from '../protocol/layout.js'
import { encodeError, isBytes } from '@shardyfusion/core/internal'
import type { Mailbox } from './mailbox.js'

const SPIN_MS = 0.02
/** Calls that follow the last reply this soon come in quick succession; milliseconds. */
const HOT_MS = 1
const TIGHT_MS = 0.1

/** The caller's side of the words a call is handed over with; one call at a time. */
export class CallSlot {
  readonly #shared: SharedArea
  readonly #control: Int32Array
  readonly #mailbox: Mailbox
  #seq = 0

  constructor(shared: SharedArea, mailbox: Mailbox) {
    this.#shared = shared
    this.#control = shared.control
    this.#mailbox = mailbox
  }

  /** Hands a call over, `pause` milliseconds after the last reply; `spin` if this thread will spin for the reply. */
  submit(
    op: number,
    request: Uint8Array | readonly unknown[],
    length: number,
    pause: number,
    spin: boolean,
  ): void {
    const control = this.#control
    const seq = (this.#seq = nextSeq(this.#seq))
    control[REQUEST_BYTES] = this.#sendRequest(seq, request, length)
    control[OP] = op
    control[FLAGS] = (pause < HOT_MS ? Flag.hot : 0) | (spin && pause < TIGHT_MS ? Flag.spin : 0)
    this.#mailbox.expect(seq)
    // Caller; all of the above is seen by a worker that sees the call.
    Atomics.store(control, CALLER, spin ? CallerState.spinning : CallerState.asleep)
    Atomics.store(control, CALL, callWord(seq, Phase.pending))
    this.#rouse()
  }

  isDone(): boolean {
    return Atomics.load(this.#control, CALL) === callWord(this.#seq, Phase.done)
  }

  /** A short look for the reply, without sleeping. */
  spin(): boolean {
    const done = callWord(this.#seq, Phase.done)
    const until = performance.now() + SPIN_MS
    do {
      for (let i = 0; i < 40; i++) if (Atomics.load(this.#control, CALL) === done) return true
    } while (performance.now() < until)
    return false
  }

  /** The first sleep of a call, in which most get their reply; true if this one did. */
  sleepOnce(timeoutMs: number): boolean {
    const control = this.#control
    // Caller; CALLER is stored before MAIL is read, so that a reply that comes after either ends the wait or is seen.
    Atomics.store(control, CALLER, CallerState.asleep)
    const mail = Atomics.load(control, MAIL)
    if (this.isDone()) return true
    Atomics.wait(control, MAIL, mail, timeoutMs)
    return this.isDone()
  }

  /** Aborts the call and sends the worker the reason; false when the reply is already on its way. */
  giveUp(reason?: unknown): boolean {
    const seq = this.#seq
    // Caller; pairs with the worker's exchange of pending for replying: one of the two wins.
    const pending = callWord(seq, Phase.pending)
    const idle = callWord(seq, Phase.idle)
    if (Atomics.compareExchange(this.#control, CALL, pending, idle) !== pending) return false
    const why = reason === undefined ? undefined : encodeError(reason)
    this.#mailbox.send({ cancel: seq, reason: why })
    return true
  }

  /** Wakes a worker that has gone to sleep; to be called when something has been posted. */
  nudge(): void {
    // Caller; pairs with the worker's store of WORKER before it drains its port.
    if (Atomics.load(this.#control, WORKER) !== WorkerState.asleep) return
    Atomics.add(this.#control, WAKE, 1)
    Atomics.notify(this.#control, WAKE)
  }

  #rouse(): void {
    // Caller; pairs with the worker's store of WORKER before its last load of CALL.
    if (Atomics.load(this.#control, WORKER) === WorkerState.loop) this.#mailbox.send(null)
    else this.nudge()
  }

  /** Puts the request where the worker finds it; gives what REQUEST_BYTES must say. */
  #sendRequest(seq: number, request: Uint8Array | readonly unknown[], length: number): number {
    if (!isBytes(request)) {
      this.#mailbox.send({ seq, args: request })
      return -1
    }
    if (length <= REQUEST_AREA_BYTES) {
      copyIn(this.#shared.request, request, length)
      return length
    }
    // A copy owns its buffer and can be transferred; the request may be a part of a larger buffer.
    const bytes = request.slice(0, length)
    this.#mailbox.send({ seq, bytes }, [bytes.buffer])
    return -1
  }
}
