/**
 * Yields the records of an async iterable until the signal aborts; the wait for the next record
 * then ends with the signal's reason.
 *
 * A source that hangs cannot block its consumer: after an abort its `return()` is called, but not
 * awaited.
 */
export async function* abortableRecords<T>(
  records: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, void> {
  const source = records[Symbol.asyncIterator]()
  let interrupt: (reason: unknown) => void = () => {}
  const onAbort = (): void => interrupt(signal.reason)
  // One listener for all records: adding one for each costs more than the record.
  signal.addEventListener('abort', onAbort, { once: true })
  let ended = false
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        interrupt = reject
        signal.throwIfAborted()
        source.next().then(resolve, reject)
      })
      if (next.done === true) {
        ended = true
        return
      }
      yield next.value
    }
  } catch (error) {
    // The source has already ended with its own failure; do not call return().
    ended = !signal.aborted
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (!ended) {
      const stopping = source.return?.()
      if (signal.aborted) stopping?.catch(() => {})
      else await stopping
    }
  }
}
