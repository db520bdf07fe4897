import type { ObjectCallOptions, ObjectStore } from '../objects/object-store.js'
import { joinUrl } from '../objects/urls.js'
import { isSeal } from './attempt-marks.js'

/** What builds of one run id have left below its prefix. */
export interface RunRemains {
  /** URLs of the attempts that are noted as sealed. */
  readonly sealed: readonly string[]
  /** The first attempt number that none of them has used. */
  readonly nextAttempt: number
}

const ATTEMPT = /^[^/]+\/attempt=(\d+)(?=\/)/

/** Looks for the attempts of a run, in one listing. */
export async function scanRun(
  objects: ObjectStore,
  run: { readonly prefix: string; readonly shardPrefix: string; readonly runId: string },
  options: ObjectCallOptions,
): Promise<RunRemains> {
  const root = joinUrl(run.prefix, run.shardPrefix, `run_id=${run.runId}`)
  const sealed: string[] = []
  let nextAttempt = 0
  for await (const { url } of objects.list(root, options)) {
    const match = ATTEMPT.exec(url.slice(root.length + 1))
    if (match === null) continue
    nextAttempt = Math.max(nextAttempt, Number(match[1]) + 1)
    if (isSeal(url)) sealed.push(url.slice(0, root.length + 1 + match[0].length))
  }
  return { sealed, nextAttempt }
}
