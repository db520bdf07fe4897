import { ShardyfusionError } from '../../errors.js'

/** Refuses: outside Node there is no disk for rows that do not fit into memory. */
export async function requireRunFolder(): Promise<never> {
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    'SnapshotWriter.open: sort needs Node.js; leave it out here: shards are the same, in tables that overlap',
    { details: { peer: 'ConfigValidationError' } },
  )
}

/** Never called, as there is no folder to put one in. */
export const writeRunFile = requireRunFolder
