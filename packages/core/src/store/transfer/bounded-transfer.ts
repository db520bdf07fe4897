/** The slowest accepted average transfer rate. */
const BYTES_PER_SECOND = 1024 * 1024

/** A request that took too long; an abort by the caller has its own reason. */
export class TransferTimeout extends Error {}
Object.defineProperty(TransferTimeout.prototype, 'name', { value: 'TransferTimeout' })

export interface TransferBounds {
  /**
   * Bound in milliseconds: on a pause without a byte, and, plus a second for each MiB moved, on the
   * whole response.
   */
  readonly timeoutMs: number
  /** Bytes to send. */
  readonly sendBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A transfer in progress: the signal that ends it, and a callback that reports progress. */
export interface Transfer {
  readonly signal: AbortSignal
  /** Reports more bytes received. */
  received(bytes: number): void
}

/**
 * Runs `work` while bytes arrive at the required pace; otherwise aborts it and rejects with
 * `TransferTimeout`, even if `work` ignores the signal.
 *
 * The time depends on the bytes received, never on a length the other side announced. The caller's
 * abort ends the work and rejects with the reason that `work` rejects with.
 */
export async function boundedTransfer<T>(
  { timeoutMs, sendBytes = 0, signal: outer }: TransferBounds,
  work: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted()
  const stop = new AbortController()
  const onOuter = (): void => stop.abort(outer?.reason)
  outer?.addEventListener('abort', onOuter, { once: true })
  const begin = performance.now()
  const idleMs = timeoutMs + millisecondsFor(sendBytes)
  let lastByte = begin
  let bytes = 0
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    const look = (): void => {
      const now = performance.now()
      const totalMs = idleMs + millisecondsFor(bytes)
      const left = Math.min(begin + totalMs, lastByte + idleMs) - now
      if (left > 0) {
        timer = setTimeout(look, Math.ceil(left))
        return
      }
      const timeout = new TransferTimeout(
        now >= begin + totalMs
          ? `no complete answer within ${Math.round(totalMs)} ms`
          : `no byte for ${Math.round(idleMs)} ms, after ${bytes} bytes`,
      )
      reject(timeout)
      stop.abort(timeout)
    }
    timer = setTimeout(look, idleMs)
  })
  const received = (more: number): void => {
    bytes += more
    lastByte = performance.now()
  }
  try {
    return await Promise.race([work({ signal: stop.signal, received }), expired])
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', onOuter)
  }
}

function millisecondsFor(bytes: number): number {
  return (bytes / BYTES_PER_SECOND) * 1000
}
