import { ShardyfusionError } from '../../errors.js'

/** Refuses: worker threads, as builds use them, are Node's. */
export function openWorkerPool(): never {
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    'SnapshotWriter.open: workers needs Node.js; leave it out here, and the calling thread writes',
    { details: { peer: 'ConfigValidationError' } },
  )
}
