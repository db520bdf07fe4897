import { DB_PATH_TEMPLATE, SHARDS } from '../../snapshot/layout.js'
import { refuseDuringCleanup } from '../../snapshot/runs/run-claims.js'
import { RunLifecycle } from '../../snapshot/runs/run-lifecycle.js'
import type { BuildJob } from './build-job.js'

/**
 * Starts the record of a build. Its failures are warnings, and the build continues.
 *
 * Errors: SHARD_BUSY, retryable, if a cleanup is removing data of earlier builds of this run.
 */
export async function startRunRecord(
  job: BuildJob,
  where: string,
  writerType?: string,
): Promise<RunLifecycle> {
  const { catalog, runId, options } = job
  const { signal } = options
  const { runs: registry } = catalog
  const type = writerType === undefined ? {} : { writerType }
  const facts = { runId, prefix: options.prefix, shardPrefix: SHARDS, ...type }
  const run = await RunLifecycle.start(
    registry,
    { ...facts, dbPathTemplate: DB_PATH_TEMPLATE },
    {
      signal,
      onFailure: ({ operation, error }) =>
        job.warn(`the record of run ${runId} could not be written (${operation})`, error),
    },
  )
  try {
    // No cleanup removes a new run id.
    if (options.runId !== undefined)
      await refuseDuringCleanup(registry, runId, run.ref ?? '', where, { signal })
  } catch (error) {
    await run.fail(error)
    throw error
  }
  return run
}
