import { ShardyfusionError } from '../../errors.js'

/** Throws: builds need the worker threads of Node. */
export function openWorkerPool(): never {
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    'SnapshotWriter.open: workers needs Node.js; omit it here, and the calling thread writes',
    { details: { peer: 'ConfigValidationError' } },
  )
}
