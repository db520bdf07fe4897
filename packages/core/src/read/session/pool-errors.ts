import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { timeout } from '../../errors/error-factories.js'

/**
 * Returns true if the reader can no longer be used. Damaged data does not affect it, and the next
 * key may be found.
 */
export function isBroken(error: unknown): boolean {
  return (
    isShardyfusionError(error) && error.code === 'SHARD_ENGINE' && error.details['kind'] !== 'Data'
  )
}

/** Makes the error of a call that waited too long for an open shard. */
export function exhausted(name: string, maxOpen: number, waitTimeoutMs: number): ShardyfusionError {
  return timeout(
    name,
    `all ${maxOpen} open shards were busy for ${waitTimeoutMs} ms; raise maxOpenShards`,
    { peer: 'PoolExhaustedError', details: { maxOpenShards: maxOpen } },
  )
}
