import { formatMs } from './format.js'

/** What `work` gives, and how long it took, for people. */
export async function timed<T>(work: () => Promise<T>): Promise<[result: T, time: string]> {
  const startedAt = performance.now()
  const result = await work()
  return [result, formatMs(performance.now() - startedAt)]
}
