const TICK_MS = 250

interface Watched {
  readonly deadline: number
  readonly expire: () => void
}

const watched = new Set<Watched>()
let timer: NodeJS.Timeout | undefined

/**
 * Waits for `work` at most `timeoutMs` (checked every 250 ms); then rejects with the error
 * `expired` makes.
 *
 * One timer serves all calls: a bound on every engine call costs a fraction of a microsecond. The
 * work continues.
 */
export function watch<T>(work: Promise<T>, timeoutMs: number, expired: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const entry: Watched = {
      deadline: performance.now() + timeoutMs,
      expire: () => reject(expired()),
    }
    watched.add(entry)
    timer ??= setInterval(tick, TICK_MS).unref()
    work.then(
      (result) => {
        watched.delete(entry)
        resolve(result)
      },
      (error: unknown) => {
        watched.delete(entry)
        reject(error)
      },
    )
  })
}

function tick(): void {
  if (watched.size === 0) {
    clearInterval(timer)
    timer = undefined
    return
  }
  const now = performance.now()
  for (const entry of watched) {
    if (now < entry.deadline) continue
    watched.delete(entry)
    entry.expire()
  }
}
