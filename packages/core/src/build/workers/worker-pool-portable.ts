import { invalidOption } from '../../errors/error-factories.js'

/** Throws: builds need the worker threads of Node. */
export function openWorkerPool(): never {
  throw invalidOption(
    'SnapshotWriter.open',
    'workers needs Node.js; omit it here, and the calling thread writes',
  )
}
