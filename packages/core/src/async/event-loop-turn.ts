const FAIR_MS = 4

/** A task of its own, without the 4 ms browsers put between timers that follow one another. */
const soon: (task: () => void) => void =
  typeof setImmediate === 'function' ? setImmediate : viaMessageChannel

function viaMessageChannel(task: () => void): void {
  const { port1, port2 } = new MessageChannel()
  port1.addEventListener('message', () => {
    port1.close()
    task()
  })
  port1.start()
  port2.postMessage(undefined)
}

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
    soon(() => {
      lastTurn = performance.now()
      pending = undefined
      resolve()
    })
  })
  return pending
}
