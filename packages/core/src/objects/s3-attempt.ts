/** The end of a request that took too long; told apart from an abort by the caller. */
class AttemptTimeout extends Error {
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super(`no complete answer within ${timeoutMs} ms`)
    this.timeoutMs = timeoutMs
  }
}
Object.defineProperty(AttemptTimeout.prototype, 'name', { value: 'AttemptTimeout' })

/** One attempt at a request: what ends it, and a way to ask for more time. */
export interface Attempt {
  readonly number: number
  readonly signal: AbortSignal
  /** Gives more time, counted from now, when it turns out how much there is to move. */
  extend(timeoutMs: number): void
}

/** Runs `work` for at most `timeoutMs`, then aborts what it does and rejects, whether or not it listens. */
export async function boundedAttempt<T>(
  number: number,
  timeoutMs: number,
  outer: AbortSignal | undefined,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const onOuter = (): void => stop.abort(outer?.reason)
  let timer: NodeJS.Timeout | undefined
  let arm: (ms: number) => void = () => {}
  const expired = new Promise<never>((_, reject) => {
    arm = (ms) => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        const timeout = new AttemptTimeout(ms)
        reject(timeout)
        stop.abort(timeout)
      }, ms)
    }
  })
  outer?.throwIfAborted()
  outer?.addEventListener('abort', onOuter, { once: true })
  arm(timeoutMs)
  try {
    return await Promise.race([work({ number, signal: stop.signal, extend: arm }), expired])
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', onOuter)
  }
}
