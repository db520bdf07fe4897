/** Makes `close()` idempotent: every call returns the promise of the first. */
export function closeOnce(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined
  return () => (closing ??= close())
}

/** Runs every clean-up step even if some fail, then throws the one failure, or all in an AggregateError. */
export async function runAll(steps: readonly (() => unknown)[], what: string): Promise<void> {
  const failures: unknown[] = []
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1)
    throw new AggregateError(failures, `${what}: ${failures.length} steps failed`)
}
