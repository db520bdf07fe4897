/** Returns the signal: only Node limits the listeners of one. */
export function withManyListeners(signal: AbortSignal): AbortSignal {
  return signal
}
