import { manifestError } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import { describeUrl } from '../../text/describe-url.js'
import { runIdFromRef } from '../manifest-names.js'
import type { ManifestRef } from './manifest-store.js'
import type { Manifest } from '../manifest/manifest.js'

/**
 * Refuses a manifest that is stored under the name of another run, or to which the pointer gives
 * another run id.
 *
 * One manifest was copied over the other. The intended one is unknown, and cleanup goes by names.
 * Errors: SHARD_MANIFEST (peer ManifestParseError).
 */
export function requireRunId(ref: ManifestRef, manifest: Manifest, where: string): void {
  const problem = runIdProblem(ref, manifest)
  if (problem === undefined) return
  throw manifestError(where, problem, { details: { manifestRef: ref.ref, runId: manifest.runId } })
}

/** Returns the same problem as text; `undefined` if all names agree. */
export function runIdProblem(ref: ManifestRef, { runId }: Manifest): string | undefined {
  const named = runIdFromRef(ref.ref)
  if (named !== undefined && named !== runId) return mismatch(ref, runId, 'its URL', named)
  if (ref.runId === runId) return undefined
  // The Python project takes the first run id of a URL, which may be part of the prefix
  // (wire-format §7.3).
  if (/run_id=([^/]+)/.exec(ref.ref)?.[1] === ref.runId) return undefined
  return mismatch(ref, runId, '_CURRENT', ref.runId)
}

function mismatch({ ref }: ManifestRef, runId: string, by: string, named: string): string {
  return (
    `the manifest ${describeUrl(ref)} belongs to run ${describeValue(runId)}, but ${by} names ` +
    `${describeValue(named)}; roll back to the snapshot you mean with rollbackSnapshot or "shardy rollback" instead ` +
    'of copying manifests'
  )
}
