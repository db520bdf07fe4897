import pLimit from 'p-limit'
import * as v from 'valibot'
import { isShardyfusionError } from '../../errors.js'
import { isSameManifest } from '../../snapshot/catalog/find-manifest.js'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'
import { runIdProblem } from '../../snapshot/catalog/require-run-id.js'
import { runFolder, SHARDS } from '../../snapshot/layout.js'
import { joinUrl, lastSegment } from '../../store/urls.js'
import { parseOptions } from '../../options/parse-options.js'
import { integer } from '../../options/scalars.js'
import { currentIfReadable } from './current-if-readable.js'
import { isElsewhere, runFolderOf } from './find-lost-shards.js'
import { type Lineage, lineageEntries, type LineageOptions, withLineage } from './open-lineage.js'
import { placedUrl } from './placed-url.js'

export interface ListSnapshotsOptions extends LineageOptions {
  /** Maximum number of snapshots; 10 by default. */
  limit?: number | undefined
  /**
   * Checks whether the data of each snapshot exists; true by default. Without it, `data` is
   * `'unknown'`.
   */
  checkData?: boolean | undefined
}

/** A published snapshot; `isCurrent` if readers open it now. */
export interface ListedSnapshot extends ManifestRef {
  /** Whether the pointer names it. */
  readonly isCurrent: boolean
  /**
   * Whether the folder with its shards exists: `'missing'` if a cleanup, or another tool, has
   * removed it. `verifySnapshot` checks that all of its objects exist.
   */
  readonly data: 'present' | 'missing' | 'unknown'
  /** The problem found in the snapshot; `undefined` if there is none. */
  readonly problem: string | undefined
}

const CONCURRENCY = 8

const schema = v.strictObject({
  ...lineageEntries,
  limit: v.optional(integer(1, 'snapshots'), 10),
  checkData: v.optional(v.boolean('must be true or false'), true),
})

/**
 * Lists the snapshots of a prefix that were published and not cleaned up, newest first.
 *
 * Reads names and the pointer, the current manifest, and those of snapshots without a folder of
 * shards. The current one may be absent from the list if `limit` others are newer, as after a
 * rollback. None is current if the pointer is missing or malformed; `rollbackSnapshot` to one of them
 * repairs it. Errors: SHARD_STORE.
 */
export async function listSnapshots(options: ListSnapshotsOptions): Promise<ListedSnapshot[]> {
  const where = 'listSnapshots'
  const o = parseOptions(schema, options, where)
  const reading = true
  return withLineage(o, where, (lineage) => list(lineage, o), { reading })
}

async function list(
  lineage: Lineage,
  { limit, checkData, signal }: v.InferOutput<typeof schema>,
): Promise<ListedSnapshot[]> {
  const { prefix, objects, manifests } = lineage
  const current = await currentIfReadable(manifests, signal)
  const refs = await manifests.listManifests(limit, { signal })
  const isCurrent = (ref: ManifestRef): boolean =>
    current !== undefined && isSameManifest(ref, current)
  if (!checkData || refs.length === 0) {
    return refs.map((ref) => {
      return { ...ref, isCurrent: isCurrent(ref), data: 'unknown', problem: undefined }
    })
  }
  const folders = await objects.listPrefixes(joinUrl(prefix, SHARDS), { signal })
  const withData = new Set(folders.map((url) => lastSegment(url)))
  const calls = pLimit({ concurrency: CONCURRENCY, rejectOnClear: true })
  try {
    return await calls.map(refs, async (ref): Promise<ListedSnapshot> => {
      const hasFolder = withData.has(runFolder(ref.runId))
      const known = { ...ref, isCurrent: isCurrent(ref) }
      if (hasFolder && !known.isCurrent) return { ...known, data: 'present', problem: undefined }
      return { ...known, ...(await lookAt(lineage, ref, signal)) }
    })
  } finally {
    calls.clearQueue()
  }
}

/** Checks whether the first shard of every run that the manifest names has any object. */
async function lookAt(
  { prefix, objects, manifests }: Lineage,
  ref: ManifestRef,
  signal: AbortSignal | undefined,
): Promise<Pick<ListedSnapshot, 'data' | 'problem'>> {
  let manifest
  try {
    manifest = await manifests.loadManifest(ref.ref, { signal })
  } catch (error) {
    const { code } = error as { code?: string }
    if (!isShardyfusionError(error) || (code !== 'SHARD_MANIFEST' && code !== 'SHARD_NOT_FOUND'))
      throw error
    return { data: 'unknown', problem: error.message }
  }
  const problem = runIdProblem(ref, manifest)
  const roots = new Set<string>()
  for (const shard of manifest.entries) {
    if (shard.url === undefined) continue
    const url = placedUrl(shard.url, manifest, prefix)
    if (url === undefined || isElsewhere(shard, manifest, objects))
      return { data: 'unknown', problem }
    roots.add(runFolderOf(url, prefix))
    if (roots.size > CONCURRENCY) break
  }
  for (const root of roots) {
    let isThere = false
    for await (const _ of objects.list(root, { signal })) {
      isThere = true
      break
    }
    if (!isThere)
      return {
        data: 'missing',
        problem: problem ?? `its data is missing: there are no objects below ${root}`,
      }
  }
  return { data: 'present', problem }
}
