import type { ShardyfusionError } from '../../errors.js'
import { publishError } from '../../errors/error-factories.js'
import type { ShardAttemptResult } from '../shard/shard-attempt-result.js'

/** Maximum number of ids named in a message. */
const MAX_NAMED = 20

/**
 * Checks that every shard of a snapshot was reported, so that a missing one is not mistaken for an
 * empty one.
 *
 * A shard without rows reports too, with a result without `url`. Attempts with and without rows at
 * one shard contradict each other, and are refused. Errors: SHARD_PUBLISH (peer
 * ShardCoverageError), `details.missing` naming the shards that never reported.
 */
export function requireCoverage(results: readonly ShardAttemptResult[], shards: number): void {
  const withRows = new Map<number, boolean>()
  for (const { id, url } of results) {
    const known = withRows.get(id)
    if (known !== undefined && known !== (url !== undefined)) {
      throw coverageError(
        `attempts at shard ${id} disagree: one has rows, another has none; run its task again on one input`,
        { shard: id, shards },
      )
    }
    withRows.set(id, url !== undefined)
  }
  const missing: number[] = []
  for (let id = 0; id < shards; id++) if (!withRows.has(id)) missing.push(id)
  if (missing.length === 0) return
  const named = missing.slice(0, MAX_NAMED).join(', ')
  const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : ''
  throw coverageError(
    `${missing.length} of ${shards} shards never reported a result: ${named}${more}; run their tasks again (a shard ` +
      'without rows reports as well)',
    { missing, shards },
  )
}

function coverageError(problem: string, facts: Record<string, unknown>): ShardyfusionError {
  return publishError('publishSnapshot', problem, {
    peer: 'ShardCoverageError',
    details: { ...facts },
  })
}
