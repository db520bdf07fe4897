import { defaultMaxListeners, getMaxListeners, setMaxListeners } from 'node:events'

/**
 * Lets a caller's signal have more than 10 listeners without a warning, and returns it.
 *
 * Each call to a store listens while it runs, and an operation makes many at the same time; Node
 * would report them as a leak. A limit that the caller has set stays.
 */
export function withManyListeners(signal: AbortSignal): AbortSignal {
  try {
    // Not 0, which means the same: `getMaxListeners` of Node 20 throws for it, at each later call.
    if (getMaxListeners(signal) === defaultMaxListeners) setMaxListeners(Infinity, signal)
  } catch {
    // A signal of another realm or of a polyfill: Node does not count its listeners.
  }
  return signal
}
