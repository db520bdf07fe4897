import { url as inspectorUrl } from 'node:inspector'
import { type MessagePort, receiveMessageOnPort, type Transferable } from 'node:worker_threads'
import { throwIfAborted } from '@shardyfusion/core/internal'
import {
  type ArgsOf,
  type CallTable,
  FIRST_OP,
  type NamesOf,
  QUIESCE_OP,
  type ResultOf,
} from '../protocol/call-table.js'
import {
  BOOT,
  BootState,
  CALL,
  CALLER,
  CallerState,
  callWord,
  copyIn,
  copyOut,
  Flag,
  FLAGS,
  KIND,
  MAIL,
  nextSeq,
  OP,
  Phase,
  REPLY_BYTES,
  ReplyKind,
  REQUEST_AREA_BYTES,
  REQUEST_BYTES,
  SharedArea,
  WAKE,
  WORKER,
  WorkerState,
} from '../protocol/layout.js'
import type { ToCaller, ToWorker } from '../protocol/messages.js'
import { callerStack, decodeError, encodeError } from '../protocol/wire-error.js'
import {
  bridgeError,
  busyError,
  interruptedError,
  SDK_ERRORS,
  timeoutError,
} from './bridge-error.js'
import { interruptibleWait, shouldHearInterrupts } from './interruptible-wait.js'
import { SpinPolicy } from './spin-policy.js'
import { isAlive, startWorker } from './start-worker.js'

export interface BridgeOptions<T> {
  readonly table: T
  readonly workerUrl: URL
  /** Bound on the start of the worker; none under a debugger, which may hold it. */
  readonly startTimeoutMs?: number
  /** Whether spinning may be tried; by default where there is more than one core. */
  readonly spins?: boolean
  /** MiB of heap, for tests of what happens when it is full. */
  readonly heapMiB?: number
}

/** What one call may be given up for. */
export interface CallLimits {
  /** The method of the caller, for messages. */
  readonly where: string
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const START_TIMEOUT_MS = 30_000
/** How long a sleep lasts before the first look at whether the worker lives, and later ones. */
const FIRST_SLICE_MS = 20
const SLICE_MS = 200
const SPIN_MS = 0.02
/** Calls that follow the last reply this soon come in quick succession; milliseconds. */
const HOT_MS = 1
const TIGHT_MS = 0.1
const QUIESCE_MS = 5000

/**
 * The caller's side: runs calls in a worker thread while this one sleeps in `Atomics.wait`.
 *
 * Errors of a call: what the call threw; SHARD_TIMEOUT; SHARD_BRIDGE when the worker is gone; SHARD_INTERRUPTED;
 * the reason of the signal, which can only abort while callbacks run; SHARD_BUSY in a callback.
 */
export class Bridge<H, T extends CallTable<H>> {
  readonly #shared = new SharedArea()
  readonly #control = this.#shared.control
  readonly #port: MessagePort
  readonly #probe: MessagePort
  readonly #ops: ReadonlyMap<string, number>
  readonly #policies: readonly SpinPolicy[]
  readonly #startTimeoutMs: number
  readonly #inboxes = new Map<number, (body: unknown) => void>()
  #lastId = 0
  #seq = 0
  #ready = false
  #busy = false
  #seenMail = 0
  #lastReplyAt = 0
  #reply: Exclude<ToCaller, { to: number }> | undefined
  #fatal: { readonly error: unknown } | undefined
  /** Why no call can be made any more. */
  #gone: Error | undefined

  constructor(options: BridgeOptions<T>, where: string) {
    const names = Object.keys(options.table)
    this.#ops = new Map(names.map((name, i) => [name, FIRST_OP + i]))
    const count = FIRST_OP + names.length
    this.#policies = Array.from({ length: count }, () => new SpinPolicy(options.spins))
    this.#startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS
    const { heapMiB } = options
    const ports = startWorker(options.workerUrl, this.#shared.buffer, {
      where,
      resourceLimits: heapMiB === undefined ? undefined : { maxOldGenerationSizeMb: heapMiB },
      onExit: (code) => {
        this.#gone ??= this.#death('the worker', `has exited with code ${code}`)
      },
    })
    this.#port = ports.port
    this.#probe = ports.probe
  }

  /** False once the worker is gone: a new bridge is needed. */
  get usable(): boolean {
    return this.#gone === undefined
  }

  /** Makes a call whose arguments and result are plain data. */
  call<N extends NamesOf<T, 'cloned'>>(
    name: N,
    args: ArgsOf<T[N]>,
    limits: CallLimits,
  ): ResultOf<T[N]> {
    return this.#invoke(this.#ops.get(name)!, args, limits) as ResultOf<T[N]>
  }

  /** Makes a call of the first `length` bytes of `request`, which are copied; a large request is moved. */
  callPacked(
    name: NamesOf<T, 'packed'>,
    request: Uint8Array,
    limits: CallLimits,
    length = request.length,
  ): Uint8Array | undefined {
    return this.#invoke(this.#ops.get(name)!, request, limits, length) as Uint8Array | undefined
  }

  /** An id for something that is open in the worker, such as a stream. */
  newId(): number {
    return ++this.#lastId
  }

  /** Takes what the worker posts under this id; called while this thread waits for, or asks for, mail. */
  listen(id: number, take: (body: unknown) => void): void {
    this.#inboxes.set(id, take)
  }

  unlisten(id: number): void {
    this.#inboxes.delete(id)
  }

  /** Posts to a stream in the worker. */
  post(to: number, body: unknown, transfer: readonly Transferable[] = []): void {
    this.#send({ to, body }, transfer)
    // Caller; pairs with the worker's store of WORKER before it drains its port.
    if (Atomics.load(this.#control, WORKER) === WorkerState.asleep) this.#nudge()
  }

  /** Hands out what has come, without waiting. */
  deliver(where: string): void {
    if (Atomics.load(this.#control, MAIL) === this.#seenMail) return
    this.#exclusively(where, () => this.#deliver())
  }

  /** Sleeps until `ready()`, which is asked again after every piece of mail. */
  waitFor(ready: () => boolean, limits: CallLimits): void {
    this.#requireUsable(limits.where)
    if (ready()) return
    this.#exclusively(limits.where, () => {
      this.#sleepUntil(ready, limits, () => true)
    })
  }

  /** Ends what is open in the worker, before this thread goes. Never throws; bounded. */
  quiesce(timeoutMs = QUIESCE_MS): void {
    // A worker that has not started has nothing open.
    const started = Atomics.load(this.#control, BOOT) === BootState.ready
    if (!this.usable || !started) return
    const where = 'sync bridge'
    try {
      // The process may exit in the middle of a call, from a callback.
      this.#giveUp(this.#seq)
      this.#busy = false
      this.#ready = true
      this.#invoke(QUIESCE_OP, [], { where, timeoutMs })
    } catch {
      // There is nobody left to hear of it.
    }
    this.#gone ??= bridgeError(where, 'closed', 'the process is exiting')
  }

  #exclusively<R>(where: string, work: () => R): R {
    if (this.#busy) throw busyError(where)
    this.#busy = true
    try {
      return work()
    } finally {
      this.#busy = false
    }
  }

  #requireUsable(where: string): void {
    if (this.#gone === undefined) return
    // A new error every time, with the stack of this call.
    const { message, cause } = this.#gone
    throw bridgeError(where, 'died', message.replace(/^[^:]*: /, ''), cause)
  }

  #invoke(
    op: number,
    request: Uint8Array | readonly unknown[],
    limits: CallLimits,
    length = request.length,
  ): unknown {
    const { where } = limits
    this.#requireUsable(where)
    throwIfAborted(limits.signal)
    if (this.#busy) throw busyError(where)
    this.#busy = true
    try {
      if (!this.#ready) this.#awaitStart(limits)
      const control = this.#control
      const seq = (this.#seq = nextSeq(this.#seq))
      const bytes = this.#sendRequest(seq, request, length)
      const policy = this.#policies[op]!
      const begun = performance.now()
      const spin = policy.next()
      const pause = begun - this.#lastReplyAt
      control[OP] = op
      control[REQUEST_BYTES] = bytes
      control[FLAGS] = (pause < HOT_MS ? Flag.hot : 0) | (spin && pause < TIGHT_MS ? Flag.spin : 0)
      this.#reply = undefined
      // Caller; all of the above is seen by a worker that sees the call.
      Atomics.store(control, CALLER, spin ? CallerState.spinning : CallerState.asleep)
      Atomics.store(control, CALL, callWord(seq, Phase.pending))
      this.#rouse()
      const done = callWord(seq, Phase.done)
      if (!spin || !this.#spin(done)) {
        Atomics.store(control, CALLER, CallerState.asleep)
        if (!this.#sleepOnce(done, limits)) this.#await(seq, done, limits)
      }
      this.#deliverBesides(1)
      this.#lastReplyAt = performance.now()
      policy.done(this.#lastReplyAt - begun)
      return this.#result(seq, where)
    } finally {
      this.#busy = false
    }
  }

  /** Puts the request where the worker finds it; gives what REQUEST_BYTES must say. */
  #sendRequest(seq: number, request: Uint8Array | readonly unknown[], length: number): number {
    if (!(request instanceof Uint8Array)) {
      this.#send({ seq, args: request })
      return -1
    }
    if (length <= REQUEST_AREA_BYTES) {
      copyIn(this.#shared.request, request, length)
      return length
    }
    // A copy that owns its buffer can be moved; the request may be a part of something else.
    const bytes = request.slice(0, length)
    this.#send({ seq, bytes }, [bytes.buffer])
    return -1
  }

  #send(message: ToWorker, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage(message, transfer)
  }

  #rouse(): void {
    // Caller; pairs with the worker's store of WORKER before its last load of CALL.
    const state = Atomics.load(this.#control, WORKER)
    if (state === WorkerState.asleep) this.#nudge()
    else if (state === WorkerState.loop) this.#port.postMessage(null)
  }

  #nudge(): void {
    Atomics.add(this.#control, WAKE, 1)
    Atomics.notify(this.#control, WAKE)
  }

  #spin(done: number): boolean {
    const until = performance.now() + SPIN_MS
    do {
      for (let i = 0; i < 40; i++) if (Atomics.load(this.#control, CALL) === done) return true
    } while (performance.now() < until)
    return false
  }

  /** The first sleep of a call, in which most get their reply. */
  #sleepOnce(done: number, { timeoutMs = FIRST_SLICE_MS }: CallLimits): boolean {
    const control = this.#control
    const mail = Atomics.load(control, MAIL)
    if (Atomics.load(control, CALL) === done) return true
    Atomics.wait(control, MAIL, mail, Math.min(timeoutMs, FIRST_SLICE_MS))
    return Atomics.load(control, CALL) === done
  }

  #await(seq: number, done: number, limits: CallLimits): void {
    const control = this.#control
    try {
      this.#sleepUntil(
        () => Atomics.load(control, CALL) === done,
        limits,
        () => this.#giveUp(seq, timeoutError(limits.where, limits.timeoutMs!)),
      )
    } catch (error) {
      this.#giveUp(seq, error)
      throw error
    }
  }

  /** False when the reply is on its way already. */
  #giveUp(seq: number, reason?: unknown): boolean {
    // Caller; pairs with the worker's exchange of pending for replying: one of the two wins.
    const pending = callWord(seq, Phase.pending)
    const idle = callWord(seq, Phase.idle)
    if (Atomics.compareExchange(this.#control, CALL, pending, idle) !== pending) return false
    this.#send({ cancel: seq, reason: reason === undefined ? undefined : encodeError(reason) })
    return true
  }

  /** `expire` is asked when the time is up; false means that what is waited for is about to come. */
  #sleepUntil(ready: () => boolean, limits: CallLimits, expire: () => boolean): void {
    const { where, timeoutMs = Number.POSITIVE_INFINITY, signal } = limits
    const control = this.#control
    const end = performance.now() + timeoutMs
    let slice = FIRST_SLICE_MS
    for (;;) {
      // Caller; MAIL is read before anything is looked at, so that what comes after ends the wait below.
      const mail = Atomics.load(control, MAIL)
      if (ready()) return
      this.#deliver()
      if (ready()) return
      throwIfAborted(signal)
      const left = end - performance.now()
      if (left <= 0 && expire()) throw timeoutError(where, timeoutMs)
      const time = left <= 0 ? SLICE_MS : Math.min(left, slice)
      const hears = slice !== FIRST_SLICE_MS && shouldHearInterrupts()
      const result = hears
        ? interruptibleWait(control, MAIL, mail, time)
        : Atomics.wait(control, MAIL, mail, time)
      if (result === 'interrupted') throw interruptedError(where)
      if (result !== 'timed-out') continue
      slice = this.#ready ? SLICE_MS : FIRST_SLICE_MS + 1
      // Also a nudge, should the worker ever have missed one.
      this.#send(null)
      if (isAlive(this.#probe) || ready()) continue
      this.#deliver()
      if (ready()) return
      this.#gone = this.#death(where, 'ended before it replied')
      throw this.#gone
    }
  }

  #death(where: string, what: string): Error {
    const hint = this.#fatal === undefined ? ' (out of memory, or process.exit in it?)' : ''
    const problem = `the worker thread ${what}${hint}; what was open in it is lost, open it again`
    return bridgeError(where, 'died', problem, this.#fatal?.error)
  }

  #awaitStart(limits: CallLimits): void {
    const control = this.#control
    const state = (): number => Atomics.load(control, BOOT)
    const debugged = inspectorUrl() !== undefined
    const timeoutMs = debugged ? Number.POSITIVE_INFINITY : this.#startTimeoutMs
    const { where, signal } = limits
    try {
      this.#sleepUntil(
        () => state() !== BootState.starting,
        { where, signal, timeoutMs },
        () => true,
      )
      this.#deliver()
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (code === 'SHARD_BRIDGE' || code === 'SHARD_TIMEOUT') {
        const problem =
          code === 'SHARD_TIMEOUT'
            ? `the worker thread did not start within ${timeoutMs} ms`
            : 'the worker thread ended while it started (is its file missing?)'
        this.#gone = bridgeError(where, 'start', problem, this.#fatal?.error)
        throw this.#gone
      }
      throw error
    }
    if (state() === BootState.failed) {
      const problem = 'the worker thread failed to start; its reason is the cause'
      this.#gone = bridgeError(where, 'start', problem, this.#fatal?.error)
      throw this.#gone
    }
    this.#ready = true
  }

  /**
   * Hands out mail that came before a reply, such as the progress of a build, before its call returns. The reply itself
   * was counted as so many; where it was counted late, the next look will find it.
   */
  #deliverBesides(replies: number): void {
    const news = Atomics.load(this.#control, MAIL) - this.#seenMail
    if (news === replies) this.#seenMail += replies
    else if (news !== 0) this.#deliver()
  }

  /** Hands out all mail. What a listener throws goes up, and the rest stays until the next time. */
  #deliver(): void {
    const mail = Atomics.load(this.#control, MAIL)
    if (mail === this.#seenMail) return
    this.#drain()
    this.#seenMail = mail
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
    if ('diedOf' in message) this.#fatal = { error: decodeError(message.diedOf, SDK_ERRORS) }
    if (message.seq === this.#seq) this.#reply = message
    // Anything else is the reply of a call that was given up.
  }

  #result(seq: number, where: string): unknown {
    const kind = this.#control[KIND]
    if (kind === ReplyKind.nothing) return undefined
    if (kind === ReplyKind.inPlace) {
      // A copy: nobody may hold memory the worker writes to, and much of the platform refuses it.
      return copyOut(this.#shared.reply, this.#control[REPLY_BYTES]!)
    }
    const reply = this.#takeReply()
    if (reply === undefined || reply.seq !== seq)
      throw new Error('bridge: the message of a reply is missing')
    if ('value' in reply) return reply.value
    if ('diedOf' in reply) throw (this.#gone = this.#death(where, 'ended in this call'))
    throw decodeError(reply.error, SDK_ERRORS, callerStack(this.#invoke))
  }

  #takeReply(): Exclude<ToCaller, { to: number }> | undefined {
    // It was posted before the call was marked done, and MAIL may be counted up only after that.
    if (this.#reply === undefined) this.#drain()
    const reply = this.#reply
    this.#reply = undefined
    return reply
  }
}
