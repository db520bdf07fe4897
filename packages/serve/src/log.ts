import { isShardyfusionError } from '@shardyfusion/core'
import { redact } from '@shardyfusion/core/internal'

/** An event of the server: plain data without keys, values and credentials. */
export interface LogEntry {
  /** How serious it is. */
  readonly level: 'info' | 'warn' | 'error'
  /** Name of the event. */
  readonly event: string
  /** What happened, for people. */
  readonly message: string
  readonly [field: string]: unknown
}

/** Takes the entries of the log. */
export type Log = (entry: LogEntry) => void

/** The fields of an error for a log; without secrets. */
export function errorFields(error: unknown): { code: string; reason: string } {
  const code = isShardyfusionError(error) ? error.code : 'INTERNAL'
  const { message } = (error ?? {}) as { message?: unknown }
  return { code, reason: redact(typeof message === 'string' ? message : String(error)) }
}
