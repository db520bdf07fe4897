import * as v from 'valibot'
import { integer } from '../../options/scalars.js'

/** How a reader follows publications. */
export interface AutoRefresh {
  /** Time between the end of one refresh and the next, in milliseconds. */
  everyMs: number
  /**
   * Fraction of `everyMs` by which each wait varies, 0 to 1; 0.1 by default. Readers that were started
   * together then do not ask together.
   */
  jitter?: number | undefined
  /** Called after a move to another snapshot, with its run. */
  onMove?: ((moved: { readonly runId: string }) => void) | undefined
  /**
   * Called after a failed refresh, and once for a malformed manifest; the reader stays on its snapshot.
   * Each failure in a row doubles the next wait, up to 8 times `everyMs`.
   */
  onError?: ((error: unknown) => void) | undefined
}

/** Longest time of a timer of the platform; longer ones would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1
const MAX_DOUBLINGS = 3
const DEFAULT_JITTER = 0.1

export const autoRefreshSchema = v.strictObject({
  everyMs: v.pipe(
    integer(1, 'milliseconds'),
    v.maxValue(MAX_TIMER_MS, `must be at most ${MAX_TIMER_MS} (milliseconds)`),
  ),
  jitter: v.optional(
    v.pipe(
      v.number('must be a number from 0 to 1'),
      v.minValue(0, 'must be a number from 0 to 1'),
      v.maxValue(1, 'must be a number from 0 to 1'),
    ),
    DEFAULT_JITTER,
  ),
  onMove: v.optional(v.function('must be a function')),
  onError: v.optional(v.function('must be a function')),
})

/** A reader that can refresh. */
interface Refreshing {
  refresh(): Promise<boolean>
  runId(): string
  /** The malformed manifest for which the reader stays on an older snapshot. */
  problem(): { readonly ref: string; readonly error: unknown } | undefined
}

/**
 * Refreshes again and again until `stop`; one refresh at a time.
 *
 * Its timer does not keep a process alive. A callback that throws does not end it: the error is
 * thrown outside of the reader, as that of any event listener.
 */
export function startAutoRefresh(
  reader: Refreshing,
  { everyMs, jitter = DEFAULT_JITTER, onMove, onError }: AutoRefresh,
): { stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let reported: string | undefined
  let isStopped = false

  const wait = (): void => {
    if (isStopped) return
    const varied = everyMs * (1 + jitter * (2 * Math.random() - 1))
    const ms = Math.min(MAX_TIMER_MS, varied * 2 ** Math.min(failures, MAX_DOUBLINGS))
    timer = setTimeout(() => void once(), ms)
    if (typeof timer === 'object') timer.unref?.()
  }
  const once = async (): Promise<void> => {
    try {
      const moved = await reader.refresh()
      failures = 0
      if (moved && !isStopped) call(() => onMove?.({ runId: reader.runId() }))
      const problem = reader.problem()
      if (problem !== undefined && problem.ref !== reported && !isStopped)
        call(() => onError?.(problem.error))
      reported = problem?.ref
    } catch (error) {
      failures++
      if (!isStopped) call(() => onError?.(error))
    }
    wait()
  }
  wait()
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

function call(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
