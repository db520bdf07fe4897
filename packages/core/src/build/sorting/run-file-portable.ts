import { ShardyfusionError } from '../../errors.js'

/** Throws: outside Node there is no disk for rows that do not fit into memory. */
export async function requireRunFolder(): Promise<never> {
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    'SnapshotWriter.open: sort needs Node.js; leave it out here: shards are the same, in tables that overlap',
    { details: { peer: 'ConfigValidationError' } },
  )
}

/** Never called, because there is no folder for the file. */
export const writeRunFile = requireRunFolder
