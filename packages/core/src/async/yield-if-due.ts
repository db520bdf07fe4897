const FAIR_MS = 4

/**
 * Schedules a task, without the 4 ms that browsers put between successive timers.
 *
 * Not on Cloudflare Workers: the clock stands still there while code runs, and a task of one request
 * must not wait for that of another.
 */
const soon: ((task: () => void) => void) | undefined = isWorkerd()
  ? undefined
  : typeof setImmediate === 'function'
    ? setImmediate
    : viaMessageChannel

function isWorkerd(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } }
  return navigator?.userAgent === 'Cloudflare-Workers'
}

function viaMessageChannel(task: () => void): void {
  const { port1, port2 } = new MessageChannel()
  port1.addEventListener('message', () => {
    port1.close()
    task()
  })
  port1.start()
  port2.postMessage(undefined)
}

/** Set by the first call: reading the clock loads a module of Node, which an import need not. */
let lastYield: number | undefined
let pending: Promise<void> | undefined

/**
 * Yields to the event loop if this thread has run promise after promise for some milliseconds.
 *
 * Engine calls that complete at once continue as microtasks, so a loop of them starves timers,
 * sockets and the completions of other engine calls; durable writes of the same process then stall
 * (slatedb issue 1813). Costs one clock read if it is not due.
 */
export function yieldIfDue(): Promise<void> | undefined {
  if (soon === undefined) return undefined
  if (pending !== undefined) return pending
  const now = performance.now()
  lastYield ??= now
  if (now - lastYield < FAIR_MS) return undefined
  pending = new Promise((resolve) => {
    soon(() => {
      lastYield = performance.now()
      pending = undefined
      resolve()
    })
  })
  return pending
}

/** Number of lookups or records between two checks of the clock. */
const STEPS_PER_CHECK = 64

let unchecked = 0

/**
 * The same after a number of steps that completed at once. Values in memory and records of an array
 * come without the event loop, so a tight loop over them would starve it.
 */
export function yieldEvery(steps: number): Promise<void> | undefined {
  unchecked += steps
  if (unchecked < STEPS_PER_CHECK) return undefined
  unchecked = 0
  return yieldIfDue()
}
