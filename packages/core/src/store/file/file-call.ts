/**
 * Called between two steps. Throws if the caller has given up, and records that the file system
 * still answers.
 */
export type Step = () => void

export interface FileCallBounds {
  /** Bound on one step, in milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Makes the error if a step takes longer. */
  readonly expired: () => Error
}

/**
 * Runs `work` until it ends, its caller aborts, or one step of it takes too long.
 *
 * A system call cannot be cancelled. A call that hangs is abandoned; if it returns later, `step`
 * throws, so that nothing follows it. Until then it holds one thread of libuv's pool
 * (`UV_THREADPOOL_SIZE`, 4 by default).
 */
export function fileCall<T>(
  { timeoutMs, signal, expired }: FileCallBounds,
  work: (step: Step) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let ended: { readonly reason: unknown } | undefined
    const timer = setTimeout(() => giveUp(expired()), timeoutMs)
    const onAbort = (): void => giveUp(signal?.reason)
    const release = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    const giveUp = (reason: unknown): void => {
      ended = { reason }
      release()
      reject(reason)
    }
    const step = (): void => {
      if (ended !== undefined) throw ended.reason
      timer.refresh()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    work(step).then(
      (result) => {
        release()
        resolve(result)
      },
      (error: unknown) => {
        release()
        reject(error as Error)
      },
    )
  })
}
