import { AsyncLocalStorage } from 'node:async_hooks'
import type { LogFields } from './logger.js'

const current = new AsyncLocalStorage<LogFields>()

/**
 * Runs work whose events are logged with these fields, also in what it awaits; inner fields win.
 *
 * @example
 * await withLogFields({ job: 'prices-hourly' }, () => writeSnapshot(rows, options))
 */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return current.run({ ...current.getStore(), ...fields }, work)
}

/** The fields of the running work. */
export function logFields(): LogFields | undefined {
  return current.getStore()
}
