import pLimit from 'p-limit'
import type { BuildJob } from '../../build/open/build-job.js'
import { DB_PATH_TEMPLATE, runOfFolder, SHARDS } from '../../snapshot/layout.js'
import type { ManifestShard } from '../../snapshot/manifest/manifest.js'
import { refuseDuringCleanup, UPDATE_TYPE } from '../../snapshot/runs/run-claims.js'
import { RunLifecycle } from '../../snapshot/runs/run-lifecycle.js'

/** Number of runs claimed at the same time. */
const CONCURRENCY = 8

/**
 * Runs `work` while no cleanup can remove the runs whose shards are taken over.
 *
 * A record of each run says so, as in a rollback. A cleanup stores its own mark first and then looks
 * for live records, so at least one of the two sees the other. Errors: SHARD_BUSY, retryable, while a
 * cleanup removes one of them; SHARD_STORE if a record cannot be stored.
 */
export async function withClaims<T>(
  { catalog, prefix, options }: BuildJob,
  shards: readonly ManifestShard[],
  where: string,
  work: () => Promise<T>,
): Promise<T> {
  const { runs } = catalog
  const { signal } = options
  const runIds = new Set(shards.flatMap(({ url }) => (url === undefined ? [] : runOf(url, prefix))))
  const claims: RunLifecycle[] = []
  try {
    await pLimit(CONCURRENCY).map(runIds, async (runId) => {
      let failure: unknown
      const claim = await RunLifecycle.start(
        runs,
        {
          runId,
          prefix,
          writerType: UPDATE_TYPE,
          shardPrefix: SHARDS,
          dbPathTemplate: DB_PATH_TEMPLATE,
        },
        { signal, onFailure: ({ error }) => (failure = error) },
      )
      claims.push(claim)
      if (claim.ref === undefined) throw failure
      await refuseDuringCleanup(runs, runId, claim.ref, where, { signal })
    })
    return await work()
  } finally {
    await pLimit(CONCURRENCY).map(claims, async (claim) => {
      await claim.succeed()
      // A leftover claim is harmless: it has ended, or its lease will end.
      if (claim.ref !== undefined) await runs.delete(claim.ref).catch(() => {})
    })
  }
}

/** The run that a shard belongs to; none for a shard in an unusual place. */
function runOf(url: string, prefix: string): string[] {
  const [, folder = ''] = url.slice(prefix.length + 1).split('/')
  const runId = runOfFolder(folder)
  return runId === undefined ? [] : [runId]
}
