/** Ends a call whose caller has given up, and notes that the file system still answers; called between two steps. */
export type Step = () => void

export interface FileCallBounds {
  /** Bound on one step, in milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** The error when a step takes longer. */
  readonly expired: () => Error
}

/**
 * Runs `work` until it ends, its caller aborts, or one step of it takes too long.
 *
 * A system call cannot be cancelled: one that hangs is left behind, and `step` throws when it returns after all, so that
 * nothing follows it. It holds one thread of libuv's pool (`UV_THREADPOOL_SIZE`, 4 by default) for that long.
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
