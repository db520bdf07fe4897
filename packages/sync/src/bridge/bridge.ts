// Long because one class owns the life of a worker: start, calls, death, close.

import type { MessagePort, Transferable } from 'node:worker_threads'
import { decodeError, throwIfAborted } from '@shardyfusion/core/internal'
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
  copyOut,
  KIND,
  MAIL,
  REPLY_BYTES,
  ReplyKind,
  SharedArea,
} from '../protocol/layout.js'
import { callerStack } from './caller-stack.js'
import { bridgeError, busyError, timeoutError } from './bridge-error.js'
import { CallSlot } from './call-slot.js'
import { Mailbox } from './mailbox.js'
import { type CallLimits, FIRST_SLICE_MS, sleepUntil } from './sleep.js'
import { SpinPolicy } from './spin-policy.js'
import { isAlive, startWorker } from './start-worker.js'

export interface BridgeOptions<T> {
  readonly table: T
  readonly workerUrl: URL | undefined
  /** Bound on the start of the worker; none under a debugger, which may hold it. */
  readonly startTimeoutMs?: number
  /** Whether spinning may be tried; by default where there is more than one core. */
  readonly spins?: boolean
  /** MiB of heap, for tests of what happens when it is full. */
  readonly heapMiB?: number
}

const START_TIMEOUT_MS = 30_000
/** How long a thread sleeps between two looks at whether the worker lives: at a call, and while it starts. */
const SLICE_MS = 200
const START_SLICE_MS = 25
/** How long the end of the worker's work is waited for without a sign of life, and at all; milliseconds. */
const QUIESCE_MS = 5000
const LONGEST_QUIESCE_MS = 40_000

/**
 * The caller's side: runs calls in a worker thread while this one sleeps in `Atomics.wait`.
 *
 * Errors of a call: the error of the call; SHARD_TIMEOUT; SHARD_BRIDGE when the worker is gone; SHARD_INTERRUPTED;
 * the reason of the signal, which can only abort while callbacks run; SHARD_BUSY in a callback.
 */
export class Bridge<H, T extends CallTable<H>> {
  readonly #shared = new SharedArea()
  readonly #control = this.#shared.control
  readonly #mailbox: Mailbox
  readonly #slot: CallSlot
  readonly #probe: MessagePort
  readonly #ops: ReadonlyMap<string, number>
  readonly #policies: readonly SpinPolicy[]
  readonly #startTimeoutMs: number
  #lastId = 0
  #ready = false
  #busy = false
  #lastReplyAt = 0
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
    this.#mailbox = new Mailbox(this.#control, ports.port)
    this.#slot = new CallSlot(this.#shared, this.#mailbox)
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
    this.#mailbox.listen(id, take)
  }

  unlisten(id: number): void {
    this.#mailbox.unlisten(id)
  }

  /** Posts to a stream in the worker. */
  post(to: number, body: unknown, transfer: readonly Transferable[] = []): void {
    this.#mailbox.send({ to, body }, transfer)
    this.#slot.nudge()
  }

  /** Hands out what has come, without waiting. */
  deliver(where: string): void {
    if (this.#mailbox.hasNews) this.#exclusively(where, () => this.#mailbox.deliver())
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
      // The process may exit during a call, from a callback.
      this.#slot.giveUp()
      this.#busy = false
      this.#ready = true
      this.#invoke(QUIESCE_OP, [], { where, timeoutMs, extend: this.#whileAlive(timeoutMs) })
    } catch {
      // The worker is gone; there is no one to report to.
    }
    this.#gone ??= bridgeError(where, 'closed', 'the process is exiting')
  }

  /** True as long as the worker posts signs of life: then it has work that must not be cut off. */
  #whileAlive(timeoutMs: number): () => boolean {
    const begun = performance.now()
    let mail = Atomics.load(this.#control, MAIL)
    let heardAt = begun
    return () => {
      const now = performance.now()
      const newMail = Atomics.load(this.#control, MAIL)
      if (newMail !== mail) heardAt = now
      mail = newMail
      return now - heardAt < timeoutMs && now - begun < LONGEST_QUIESCE_MS
    }
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
      const slot = this.#slot
      const policy = this.#policies[op]!
      const begun = performance.now()
      const spin = policy.next()
      slot.submit(op, request, length, begun - this.#lastReplyAt, spin)
      if (!spin || !slot.spin()) {
        const { timeoutMs = FIRST_SLICE_MS } = limits
        if (!slot.sleepOnce(Math.min(timeoutMs, FIRST_SLICE_MS))) this.#await(limits)
      }
      this.#mailbox.deliverBesidesReply()
      this.#lastReplyAt = performance.now()
      policy.done(this.#lastReplyAt - begun)
      return this.#result(where)
    } finally {
      this.#busy = false
    }
  }

  #await(limits: CallLimits): void {
    const slot = this.#slot
    try {
      const expire = (): boolean => {
        if (limits.extend?.() === true) return false
        return slot.giveUp(timeoutError(limits.where, limits.timeoutMs!))
      }
      this.#sleepUntil(() => slot.isDone(), limits, expire)
    } catch (error) {
      slot.giveUp(error)
      throw error
    }
  }

  /** `expire` is asked when the time is up; false means that what is waited for is about to come. */
  #sleepUntil(ready: () => boolean, limits: CallLimits, expire: () => boolean): void {
    const mailbox = this.#mailbox
    const replied = sleepUntil({
      control: this.#control,
      limits,
      ready,
      deliver: () => mailbox.deliver(),
      expire,
      isAlive: () => {
        // Also wakes the worker, if it ever missed a wake-up.
        mailbox.send(null)
        return isAlive(this.#probe)
      },
      sliceMs: this.#ready ? SLICE_MS : START_SLICE_MS,
    })
    if (replied) return
    this.#gone = this.#death(limits.where, 'ended before it replied')
    throw this.#gone
  }

  #death(where: string, what: string): Error {
    const hint =
      this.#mailbox.diedOf === undefined ? ' (out of memory, or process.exit in it?)' : ''
    const problem = `the worker thread ${what}${hint}; its open readers and writers are lost, open them again`
    return bridgeError(where, 'died', problem, this.#mailbox.diedOf?.error)
  }

  #awaitStart({ where, signal }: CallLimits): void {
    const state = (): number => Atomics.load(this.#control, BOOT)
    // Loaded while the worker starts: an import of this package would take milliseconds longer.
    const debugged = process.getBuiltinModule('node:inspector')?.url() !== undefined
    const timeoutMs = debugged ? Number.POSITIVE_INFINITY : this.#startTimeoutMs
    const limits = { where, signal, timeoutMs }
    try {
      this.#sleepUntil(
        () => state() !== BootState.starting,
        limits,
        () => true,
      )
      this.#mailbox.deliver()
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (code === 'SHARD_TIMEOUT') this.#failStart(where, `did not start within ${timeoutMs} ms`)
      if (code === 'SHARD_BRIDGE')
        this.#failStart(where, 'ended while it started (is its file missing?)')
      throw error
    }
    if (state() === BootState.failed)
      this.#failStart(where, 'failed to start; its reason is the cause')
    this.#ready = true
  }

  #failStart(where: string, what: string): never {
    this.#gone = bridgeError(
      where,
      'start',
      `the worker thread ${what}`,
      this.#mailbox.diedOf?.error,
    )
    throw this.#gone
  }

  #result(where: string): unknown {
    const kind = this.#control[KIND]
    if (kind === ReplyKind.nothing) return undefined
    if (kind === ReplyKind.inPlace) {
      // A copy: the worker writes to this memory, and many platform functions refuse shared memory.
      return copyOut(this.#shared.reply, this.#control[REPLY_BYTES]!)
    }
    const reply = this.#mailbox.takeReply()
    if (reply === undefined) throw new Error('bridge: the message of a reply is missing')
    if ('value' in reply) return reply.value
    if ('diedOf' in reply) throw (this.#gone = this.#death(where, 'ended in this call'))
    throw decodeError(reply.error, callerStack(this.#invoke))
  }
}
