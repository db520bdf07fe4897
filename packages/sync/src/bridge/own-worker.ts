import { isMainThread, workerData } from 'node:worker_threads'
import type { WorkerStart } from '../protocol/messages.js'

/** The start data of this thread if it is the worker of a bridge; other worker threads have none. */
export function ownWorkerStart(): WorkerStart | undefined {
  const data: unknown = workerData
  if (isMainThread || typeof data !== 'object' || data === null) return undefined
  return 'shardyfusionSync' in data ? (data as WorkerStart) : undefined
}
