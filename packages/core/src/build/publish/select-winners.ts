import { routingError } from '../../errors/error-factories.js'
import { compareUtf8 } from '../../text/compare-utf8.js'
import type { ShardAttemptResult } from '../shard/shard-attempt-result.js'

/** The attempts that make the snapshot, and the URLs that were ever written. */
export interface Selection {
  /** Number of shards of the snapshot, including empty ones. */
  readonly shards: number
  /** One per shard that has data, in order of id. */
  readonly winners: readonly ShardAttemptResult[]
  /** URLs of all attempts, including losers, in the order of the results. */
  readonly attemptUrls: readonly string[]
}

/**
 * Selects one attempt for every shard: the lowest attempt, then the lowest task attempt id, then
 * the lowest URL.
 *
 * An attempt without a URL comes before those with one, and if it wins, its shard has no data;
 * `requireCoverage` refuses reports that contradict each other in this way. Errors: SHARD_ROUTING
 * (peer ShardCoverageError) for an id outside `0 … shards - 1`. Source: wire-format §6.
 */
export function selectWinners(results: readonly ShardAttemptResult[], shards: number): Selection {
  const best = new Map<number, ShardAttemptResult>()
  for (const result of results) {
    requireInRange(result.id, shards)
    const known = best.get(result.id)
    if (known === undefined || compareAttempts(result, known) < 0) best.set(result.id, result)
  }
  return {
    shards,
    winners: [...best.values()]
      .filter((winner) => winner.url !== undefined)
      .sort((a, b) => a.id - b.id),
    attemptUrls: results.flatMap(({ allAttemptUrls, url }) => {
      if (allAttemptUrls.length > 0) return allAttemptUrls
      return url === undefined ? [] : [url]
    }),
  }
}

/** Negative if `a` wins over `b`. */
function compareAttempts(a: ShardAttemptResult, b: ShardAttemptResult): number {
  return (
    a.attempt - b.attempt ||
    compareTasks(a.writerInfo.taskAttemptId, b.writerInfo.taskAttemptId) ||
    compareUtf8(a.url ?? '', b.url ?? '')
  )
}

/** Attempts without a task id come last. */
function compareTasks(a = Number.POSITIVE_INFINITY, b = Number.POSITIVE_INFINITY): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function requireInRange(id: number, shards: number): void {
  if (Number.isSafeInteger(id) && id >= 0 && id < shards) return
  throw routingError(
    'selectWinners',
    `shard ids must be from 0 to ${shards - 1}, as the snapshot has ${shards} shards, got ${id}`,
    { peer: 'ShardCoverageError', details: { shard: id, shards } },
  )
}
