import { ObjectRunRegistry } from '../runs/object-run-registry.js'
import { RunLifecycle } from '../runs/run-lifecycle.js'
import { type BuildJob, DB_PATH_TEMPLATE, SHARD_PREFIX } from './build-job.js'

/** Begins the record of a build; what goes wrong with it is a warning, and the build goes on. */
export function startRunRecord(job: BuildJob): Promise<RunLifecycle> {
  const { objects, prefix, runId, options } = job
  const facts = { runId, prefix: options.prefix, shardPrefix: SHARD_PREFIX }
  return RunLifecycle.start(
    new ObjectRunRegistry(objects, prefix),
    { ...facts, dbPathTemplate: DB_PATH_TEMPLATE },
    {
      signal: options.signal,
      onFailure: ({ operation, error }) =>
        job.warn(`the record of run ${runId} could not be written (${operation})`, error),
    },
  )
}
