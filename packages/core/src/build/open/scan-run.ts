import type { ObjectCallOptions, ObjectStore } from '../../store/object-store.js'
import { attemptOf, runFolder } from '../../snapshot/layout.js'
import { joinUrl } from '../../store/urls.js'
import { isSeal } from '../shard/attempt-marks.js'

/** Data of earlier builds of one run id, below its prefix. */
export interface RunRemains {
  /** URLs of the attempts that are marked as sealed. */
  readonly sealed: readonly string[]
  /** The first attempt number that is unused. */
  readonly nextAttempt: number
}

/** Finds the attempts of a run, in one listing. */
export async function scanRun(
  objects: ObjectStore,
  run: { readonly prefix: string; readonly shardPrefix: string; readonly runId: string },
  options: ObjectCallOptions,
): Promise<RunRemains> {
  const root = joinUrl(run.prefix, run.shardPrefix, runFolder(run.runId))
  const sealed: string[] = []
  let nextAttempt = 0
  for await (const { url } of objects.list(root, options)) {
    const found = attemptOf(url, root)
    if (found === undefined) continue
    nextAttempt = Math.max(nextAttempt, found.attempt + 1)
    if (isSeal(url)) sealed.push(found.url)
  }
  return { sealed, nextAttempt }
}
