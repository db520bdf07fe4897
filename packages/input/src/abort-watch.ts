/** Ends waits when a signal aborts. */
export interface AbortWatch {
  isAborted(): boolean
  /** Rejects with the signal's reason as soon as it is aborted, and leaves the work to end. */
  race<T>(work: T | Promise<T>): Promise<T>
  /** Removes the listener. */
  end(): void
}

/** Watches a signal with one listener for all waits: Node warns of more than ten. */
export function watchAbort(signal: AbortSignal | undefined): AbortWatch {
  const waits = new Set<(reason: unknown) => void>()
  const onAbort = (): void => {
    for (const reject of waits) reject(signal?.reason)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    isAborted: () => signal?.aborted === true,
    async race(work) {
      if (signal === undefined) return work
      const pending = Promise.resolve(work)
      // If the signal wins, a later failure of the work has no listener.
      pending.catch(() => {})
      signal.throwIfAborted()
      let onReason: (reason: unknown) => void = () => {}
      try {
        return await new Promise((resolve, reject) => {
          onReason = reject
          waits.add(onReason)
          pending.then(resolve, reject)
        })
      } finally {
        waits.delete(onReason)
      }
    },
    end: () => signal?.removeEventListener('abort', onAbort),
  }
}
