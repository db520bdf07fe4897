import pLimit from 'p-limit'
import type { ObjectStore } from '../../store/object-store.js'
import type { Selection } from './select-winners.js'

/** Number of attempts removed at the same time. */
const CONCURRENCY = 8

/** The outcome for the attempts that lost. */
export interface RemovedLosers {
  /** Number of attempts that lost. */
  readonly attempts: number
  /** Number of their objects that were deleted. */
  readonly objects: number
  /** One for each attempt that was not fully removed. */
  readonly failures: readonly { readonly url: string; readonly error: unknown }[]
}

/**
 * Deletes the attempts that lost, after the winners were published.
 *
 * Best effort, because nothing refers to them and a cleanup finds them too: failures are reported,
 * never thrown. Source: wire-format §9, 1.
 */
export async function removeLosers(
  objects: ObjectStore,
  { winners, attemptUrls }: Selection,
  prefix: string,
): Promise<RemovedLosers> {
  const kept = new Set(winners.map((winner) => winner.url))
  const losers = [...new Set(attemptUrls)].filter((url) => !kept.has(url))
  const failures: { url: string; error: unknown }[] = []
  let removed = 0
  await pLimit(CONCURRENCY).map(losers, async (url) => {
    try {
      const count = await objects.deletePrefix(url, { within: prefix })
      removed += count
    } catch (error) {
      failures.push({ url, error })
    }
  })
  return { attempts: losers.length, objects: removed, failures }
}
