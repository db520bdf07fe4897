import { setTimeout as delay } from 'node:timers/promises'
import type { WorkerLink } from '#dist/worker/worker-link.js'
import { cloned, packed } from '#dist/protocol/call-table.js'

/** What the calls of these tests run on. */
export class EchoHost {
  readonly link: WorkerLink
  /** Turns of a 1 ms timer: whether the event loop gets any. */
  ticks = 0
  closed = false
  /** Why a call was last given up. */
  abortedFor = ''
  readonly #timer = setInterval(() => this.ticks++, 1)

  constructor(link: WorkerLink) {
    this.link = link
    this.#timer.unref()
  }

  async close(): Promise<void> {
    this.closed = true
  }
}

const call = cloned<EchoHost>()
const bytesCall = packed<EchoHost>()

class CustomError extends Error {
  override readonly name = 'CustomError'
  readonly code = 'E_CUSTOM'
  readonly details = { limit: 3n }
  readonly help = (): string => 'a function'
}

/** Calls that do little, and calls that go wrong in every way a worker can. */
export const echoCalls = {
  nothing: bytesCall(() => undefined),
  echo: bytesCall((_, request) => request.slice()),
  echoSoon: bytesCall(async (_, request) => request.slice()),
  echoNextTurn: bytesCall(
    (_, request) => new Promise((resolve) => setImmediate(() => resolve(request.slice()))),
  ),
  echoAfter1ms: bytesCall((_, request) => delay(1, request.slice())),
  bytes: call((_, context, length: number) => {
    void context
    return new Uint8Array(length).fill(7)
  }),
  after: call((_, { signal }, ms: number) => delay(ms, ms, { signal })),
  value: call((_, context, value: unknown) => {
    void context
    return value
  }),
  ticks: call((host) => host.ticks),
  uncloneable: call(() => ({ run: () => 1 })),
  fail: call((_, context, how: 'undefined' | 'text' | 'custom' | 'type' | 'aggregate') => {
    void context
    if (how === 'undefined') throw undefined
    if (how === 'text') throw 'text'
    if (how === 'type') throw new TypeError('bad type')
    if (how === 'aggregate') throw new AggregateError([new RangeError('one'), 2], 'many')
    return Promise.reject(new CustomError('custom', { cause: new RangeError('inner') }))
  }),
  print: call((_, context, lines: number) => {
    void context
    for (let i = 0; i < lines; i++) console.log(`worker line ${i} ${'x'.repeat(100)}`)
    console.error('worker error line')
  }),
  progress: call(async (host, _, to: number, times: number) => {
    for (let i = 0; i < times; i++) {
      host.link.post(to, i)
      await delay(5)
    }
    return times
  }),
  throwLate: call(() => {
    setTimeout(() => {
      throw new RangeError('thrown late')
    }, 5)
    return never()
  }),
  rejectLate: call(() => {
    setTimeout(() => void Promise.reject(new RangeError('rejected late')), 5)
    return never()
  }),
  exit: call((_, context, code: number) => {
    void context
    process.exit(code)
  }),
  reallyExit: call(() => {
    ;(process as unknown as { reallyExit(code: number): void }).reallyExit(4)
  }),
  fillHeap: call(() => {
    const all: unknown[] = []
    for (;;) all.push(Array.from({ length: 1000 }, (_, i) => ({ i })))
  }),
  /** Rejects with what the caller gave up for, and keeps it. */
  untilAborted: call(
    (host, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          host.abortedFor = String(signal.reason)
          reject(signal.reason)
        })
      }),
  ),
  abortedFor: call((host) => host.abortedFor),
  hang: call(() => never()),
  spinForever: call(() => {
    for (;;);
  }),
}

function never(): Promise<void> {
  return new Promise(() => {})
}
