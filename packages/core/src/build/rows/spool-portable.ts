import { ShardyfusionError } from '../../errors.js'
import type { Spool as NodeSpool } from './spool.js'

/** Refuses: outside Node there is no disk to keep rows on. */
export const Spool = {
  open(_directory?: string): Promise<NodeSpool> {
    throw new ShardyfusionError(
      'SHARD_INVALID_OPTION',
      "SnapshotWriter: retry, and sharding.values: 'infer' of records that can be read only once, need Node.js, whose disk keeps the rows; leave them out",
      { details: { peer: 'ConfigValidationError' } },
    )
  },
}
