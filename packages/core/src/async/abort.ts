/** Throws the signal's own reason if it is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason
}

/**
 * Waits for `work`, or until the signal aborts; then rejects with the signal's reason.
 *
 * The work continues; its late result is passed to `onLate` to be released.
 */
export async function orAbort<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  onLate?: (result: T) => void,
): Promise<T> {
  if (signal === undefined) return work
  return raceAgainst(work, onLate, (reject) => rejectOnAbort(signal, reject))
}

/**
 * Waits for `work` at most `timeoutMs` milliseconds, or until the signal aborts.
 *
 * Rejects with the error `expired` makes or the signal's reason. The work continues; its late
 * result is passed to `onLate` to be released.
 */
export function orTimeout<T>(
  work: Promise<T>,
  o: { timeoutMs: number; expired: () => Error; signal?: AbortSignal | undefined },
  onLate?: (result: T) => void,
): Promise<T> {
  // One race for both: a timer that outlives an abort would keep the process alive.
  return raceAgainst(work, onLate, (reject) => {
    const timer = setTimeout(() => reject(o.expired()), o.timeoutMs)
    const disarm = o.signal && rejectOnAbort(o.signal, reject)
    return () => {
      clearTimeout(timer)
      disarm?.()
    }
  })
}

/** Waits for `work` at most `timeoutMs` milliseconds, then stops waiting; the work continues. */
export async function orLeave(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const left = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  try {
    await Promise.race([work, left])
  } finally {
    clearTimeout(timer)
  }
}

function rejectOnAbort(signal: AbortSignal, reject: (reason: unknown) => void): () => void {
  const abort = (): void => reject(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return () => signal.removeEventListener('abort', abort)
}

function raceAgainst<T>(
  work: Promise<T>,
  onLate: ((result: T) => void) | undefined,
  arm: (reject: (reason: unknown) => void) => () => void,
): Promise<T> {
  // One promise, not Promise.race: opening a shard waits for two of these.
  return new Promise((resolve, reject) => {
    let interrupted = false
    let disarm: () => void = () => {}
    disarm = arm((reason) => {
      interrupted = true
      disarm()
      reject(reason as Error)
    })
    if (interrupted) disarm()
    work.then(
      (result) => {
        if (interrupted) return onLate?.(result)
        disarm()
        resolve(result)
      },
      (error: unknown) => {
        // A late rejection has no caller left.
        if (interrupted) return
        disarm()
        reject(error as Error)
      },
    )
  })
}
