import { formatMs } from './format.js'

/** The result of `work`, and its formatted duration. */
export async function timed<T>(work: () => Promise<T>): Promise<[result: T, time: string]> {
  const startedAt = performance.now()
  const result = await work()
  return [result, formatMs(performance.now() - startedAt)]
}
