import type { CallTable } from '../protocol/call-table.js'
import {
  BOOT,
  BootState,
  CALL,
  Flag,
  FLAGS,
  Phase,
  phaseOf,
  SharedArea,
  WAKE,
  WORKER,
  WorkerState,
} from '../protocol/layout.js'
import type { ToCaller, ToWorker, WorkerStart } from '../protocol/messages.js'
import { encodeError } from '@shardyfusion/core/internal'
import { CallServer, type WorkerHost } from './call-server.js'
import { WorkerLink } from './worker-link.js'
import { printDirectly } from './worker-stdio.js'

/** The service of a worker: a table of calls and their host object. */
export interface Service<H extends WorkerHost> {
  readonly table: CallTable<H>
  readonly open: (link: WorkerLink) => H | Promise<H>
}

/** How long the thread blocks for the next call of a quick succession, away from its event loop. */
const ASLEEP_MS = 5
/** Back-to-back calls without a turn of the event loop. */
const FAIR_MS = 10
const SPIN_MS = 0.02
const POLL_MS = 0.1

/**
 * Serves calls in this worker until it ends.
 *
 * `load` loads everything that can fail, so that failures reach the caller: a blocked thread cannot receive events.
 */
export function serve<H extends WorkerHost>(
  start: WorkerStart,
  load: () => Promise<Service<H>>,
): void {
  new ServingLoop<H>(start).start(load)
}

class ServingLoop<H extends WorkerHost> {
  readonly #start: WorkerStart
  readonly #shared: SharedArea
  readonly #control: Int32Array
  readonly #link: WorkerLink
  #server: CallServer<H> | undefined
  #fatal: { readonly error: unknown } | undefined
  /** The CALL word that was run last. */
  #current = 0
  #pumping = false
  #polling = false
  #pollUntil = 0
  #worked = false

  constructor(start: WorkerStart) {
    this.#start = start
    this.#shared = new SharedArea(start.shared)
    this.#control = this.#shared.control
    this.#link = new WorkerLink(this.#shared, start.port, () => this.#resume())
  }

  start(load: () => Promise<Service<H>>): void {
    printDirectly()
    process.on('uncaughtException', (error) => this.#die(error))
    process.on('unhandledRejection', (error) => this.#die(error))
    process.on('exit', (code) => {
      this.#failPending(
        this.#fatal?.error ?? new Error(`the worker thread exited with code ${code}`),
      )
    })
    this.#start.port.on('message', (message: ToWorker) => {
      this.#server?.take(message)
      this.#pump()
    })
    // Nothing is awaited at the top level, so a hanging import does not prevent the evaluation of this module.
    void this.#boot(load)
  }

  async #boot(load: () => Promise<Service<H>>): Promise<void> {
    try {
      const { table, open } = await load()
      const host = await open(this.#link)
      const { port } = this.#start
      this.#server = new CallServer(this.#shared, port, this.#link, table, host)
      this.#setBoot(BootState.ready)
      this.#pump()
    } catch (error) {
      this.#die(error)
    }
  }

  #setBoot(state: number): void {
    Atomics.store(this.#control, BOOT, state)
    this.#link.announce()
  }

  /** Reports to the waiting caller, lets running work end, and exits. */
  #die(error: unknown): void {
    if (this.#fatal !== undefined) return
    this.#fatal = { error }
    this.#failPending(error)
    const failed = { seq: -1, diedOf: encodeError(error) } satisfies ToCaller
    this.#start.port.postMessage(failed)
    if (Atomics.load(this.#control, BOOT) === BootState.starting) this.#setBoot(BootState.failed)
    void this.#exit()
  }

  async #exit(): Promise<void> {
    try {
      await this.#server?.quiesce()
    } finally {
      process.exit(1)
    }
  }

  #failPending(error: unknown): void {
    const word = Atomics.load(this.#control, CALL)
    if (phaseOf(word) === Phase.pending) this.#server?.failOf(word, error)
  }

  /** Something asynchronous has ended. */
  #resume(): void {
    this.#worked = true
    this.#pump()
  }

  /** Runs calls until there is none, then goes to wait where the next one will be noticed soonest. */
  #pump(): void {
    const server = this.#server
    if (server === undefined || this.#pumping) return
    // Pending calls fail with this reason when the thread exits.
    if (this.#fatal !== undefined) return
    this.#pumping = true
    try {
      this.#runCalls(server)
    } finally {
      this.#pumping = false
    }
  }

  #runCalls(server: CallServer<H>): void {
    // A bare wake-up must not start the polling below: wake-ups arrive all the time while a caller waits for other things.
    let worked = this.#worked
    this.#worked = false
    const begun = performance.now()
    for (;;) {
      const word = this.#nextCall()
      if (word !== undefined) {
        this.#current = word
        worked = true
        server.run(word)
        if (performance.now() - begun < FAIR_MS) continue
        // Timers, sockets and messages run.
        this.#store(WorkerState.loop)
        setImmediate(() => this.#resume())
        return
      }
      const flags = this.#control[FLAGS]!
      if (worked && !this.#link.busy && !server.quiescing) {
        if ((flags & Flag.spin) !== 0) {
          if (this.#spin()) continue
        } else if ((flags & Flag.hot) !== 0) {
          if (this.#sleep(server)) continue
        }
      }
      if (worked && (flags & Flag.spin) !== 0) this.#startPolling()
      else this.#store(this.#polling ? WorkerState.polling : WorkerState.loop)
      // Worker thread; pairs with the caller's store of CALL before its load of WORKER: one of the two sees the other.
      if (this.#nextCall() === undefined) return
    }
  }

  #nextCall(): number | undefined {
    const word = Atomics.load(this.#control, CALL)
    return phaseOf(word) === Phase.pending && word !== this.#current ? word : undefined
  }

  #store(state: number): void {
    Atomics.store(this.#control, WORKER, state)
  }

  /** A short blocking look; true when there is a call. */
  #spin(): boolean {
    this.#store(WorkerState.polling)
    const until = performance.now() + SPIN_MS
    do {
      for (let i = 0; i < 40; i++) if (this.#nextCall() !== undefined) return true
    } while (performance.now() < until)
    return false
  }

  /** Blocks for the next call or message; true when there is one. */
  #sleep(server: CallServer<H>): boolean {
    const nudges = Atomics.load(this.#control, WAKE)
    this.#store(WorkerState.asleep)
    // Worker thread; the caller posts or stores first and reads WORKER then, so that it either is seen here or
    // counts WAKE up, which ends the wait.
    server.drain()
    if (this.#link.busy || this.#nextCall() !== undefined) return this.#nextCall() !== undefined
    const result = Atomics.wait(this.#control, WAKE, nudges, ASLEEP_MS)
    if (this.#nextCall() !== undefined) return true
    server.drain()
    return result !== 'timed-out' && !this.#link.busy
  }

  /** Polls for calls between turns of the event loop, which saves a wake-up. */
  #startPolling(): void {
    this.#pollUntil = performance.now() + POLL_MS
    this.#store(WorkerState.polling)
    if (this.#polling) return
    this.#polling = true
    setImmediate(() => this.#poll())
  }

  #poll(): void {
    if (this.#nextCall() !== undefined) {
      this.#polling = false
      this.#pump()
    } else if (performance.now() < this.#pollUntil) {
      setImmediate(() => this.#poll())
    } else {
      this.#polling = false
      this.#store(WorkerState.loop)
      if (this.#nextCall() !== undefined) this.#pump()
    }
  }
}
