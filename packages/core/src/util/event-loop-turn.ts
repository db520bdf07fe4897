const FAIR_MS = 4

let lastTurn = performance.now()
let pending: Promise<void> | undefined

/**
 * Lets the event loop turn when this thread has run promise after promise for some milliseconds.
 *
 * Engine calls that complete at once are continued as microtasks, so a loop of them never lets timers,
 * sockets or the completions of other engine calls in; durable writes of the same process then stand
 * still (slatedb issue 1813). Costs a clock read when there is nothing to do.
 */
export function turnIfDue(): Promise<void> | undefined {
  if (pending !== undefined) return pending
  if (performance.now() - lastTurn < FAIR_MS) return undefined
  pending = new Promise((resolve) => {
    setImmediate(() => {
      lastTurn = performance.now()
      pending = undefined
      resolve()
    })
  })
  return pending
}
