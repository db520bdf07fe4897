import { AsyncLocalStorage } from 'node:async_hooks'

export { channel, tracingChannel } from 'node:diagnostics_channel'

/** Returns a function that runs work in the asynchronous context of this call. */
export function currentContext(): <T>(work: () => T) => T {
  return AsyncLocalStorage.snapshot() as <T>(work: () => T) => T
}
