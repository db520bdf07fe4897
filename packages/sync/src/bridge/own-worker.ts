import { isMainThread, workerData } from 'node:worker_threads'
import type { WorkerStart } from '../protocol/messages.js'

/** What this thread was started with, when it is the worker of a bridge; being some worker says nothing. */
export function ownWorkerStart(): WorkerStart | undefined {
  const data: unknown = workerData
  if (isMainThread || typeof data !== 'object' || data === null) return undefined
  return 'shardyfusionSync' in data ? (data as WorkerStart) : undefined
}
