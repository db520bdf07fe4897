import { invalidOption } from '../../errors/error-factories.js'

/** Refuses: worker threads, as builds use them, are Node's. */
export function openWorkerPool(): never {
  throw invalidOption(
    'SnapshotWriter.open',
    'workers needs Node.js; leave it out here, and the calling thread writes',
  )
}
