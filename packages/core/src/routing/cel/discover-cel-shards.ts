import { routingError } from '../../errors/error-factories.js'

/**
 * Returns the number of shards of a direct CEL sharding, from the shard of every record.
 *
 * Errors: SHARD_ROUTING unless the ids are exactly 0 up to their greatest; no ids at all mean one
 * shard. Source: wire-format §4.2.
 */
export function discoverCelShards(ids: Iterable<number>): number {
  const seen = new Set(ids)
  let max = -1
  for (const id of seen) {
    if (!Number.isSafeInteger(id) || id < 0) throw gap(`got ${id}`)
    if (id > max) max = id
  }
  // Without duplicates or negatives, max + 1 ids have no gap.
  if (seen.size !== max + 1) {
    let missing = 0
    while (seen.has(missing)) missing++
    throw gap(`${missing} is missing below ${max}`)
  }
  return Math.max(1, seen.size)
}

function gap(problem: string): Error {
  return routingError(
    'discoverCelShards',
    `shard numbers of a CEL sharding must be 0, 1, 2, … without gaps, ${problem}; ` +
      'use routing values for anything else',
    { peer: 'ShardAssignmentError' },
  )
}
