import { throwIfAborted } from '@shardyfusion/core/internal'
import { MAIL } from '../protocol/layout.js'
import { interruptedError, timeoutError } from './bridge-error.js'
import { interruptibleWait, shouldHearInterrupts } from './interruptible-wait.js'

/** The conditions that abort one call. */
export interface CallLimits {
  /** The method of the caller, for messages. */
  readonly where: string
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Called when the time is up; true to continue waiting. */
  readonly extend?: () => boolean
}

export interface Sleep {
  readonly control: Int32Array
  readonly limits: CallLimits
  readonly ready: () => boolean
  /** Takes the mail there is; asked after every piece of it. */
  readonly deliver: () => void
  /** Asked when the time is up; false means that what is waited for is about to come. */
  readonly expire: () => boolean
  readonly isAlive: () => boolean
  /** How long to sleep between two looks at whether the worker lives. */
  readonly sliceMs: number
}

/** How long a sleep lasts before the first look; most calls have their reply by then. */
export const FIRST_SLICE_MS = 20

/**
 * Sleeps until `ready()`; false if the worker died during the wait.
 *
 * Errors: SHARD_TIMEOUT, SHARD_INTERRUPTED, the reason of the signal, and errors of mail listeners.
 */
export function sleepUntil(o: Sleep): boolean {
  const { control, ready, deliver } = o
  const { where, timeoutMs = Number.POSITIVE_INFINITY, signal } = o.limits
  const end = performance.now() + timeoutMs
  let slice = FIRST_SLICE_MS
  let first = true
  for (;;) {
    // Caller; MAIL is read before the checks, so that a later change ends the wait below.
    const mail = Atomics.load(control, MAIL)
    if (ready()) return true
    deliver()
    if (ready()) return true
    throwIfAborted(signal)
    const left = end - performance.now()
    if (left <= 0 && o.expire()) throw timeoutError(where, timeoutMs)
    const time = left <= 0 ? slice : Math.min(left, slice)
    const result =
      !first && shouldHearInterrupts()
        ? interruptibleWait(control, MAIL, mail, time)
        : Atomics.wait(control, MAIL, mail, time)
    if (result === 'interrupted') throw interruptedError(where)
    if (result !== 'timed-out') continue
    first = false
    slice = o.sliceMs
    if (o.isAlive() || ready()) continue
    deliver()
    return ready()
  }
}
