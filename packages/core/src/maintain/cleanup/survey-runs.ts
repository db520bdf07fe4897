import pLimit from 'p-limit'
import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { manifestError } from '../../errors/error-factories.js'
import { isSameManifest } from '../../snapshot/catalog/find-manifest.js'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import {
  CURRENT_POINTER,
  MANIFESTS,
  runOfFolder,
  RUNS,
  SHARDS,
  VECTOR_META,
} from '../../snapshot/layout.js'
import { joinUrl, lastSegment, validateSegment } from '../../store/urls.js'
import type { RunRef } from '../../snapshot/runs/run-registry.js'
import { describeUrl } from '../../text/describe-url.js'
import { namedFolders, overlap } from './named-folders.js'
import type { Lineage } from '../history/open-lineage.js'

const CONCURRENCY = 4

/** Default folders with the data of runs; `vector_meta` is that of vector snapshots. */
const RUN_FOLDERS = [SHARDS, VECTOR_META]
/** Folders that a manifest cannot claim as its folder of shards. */
const RESERVED: readonly string[] = [MANIFESTS, RUNS, CURRENT_POINTER]

/** Everything below a prefix that belongs to one run. */
export interface SurveyedRun {
  readonly runId: string
  /** Newest first; empty if the run has published nothing. */
  readonly manifests: ManifestRef[]
  /** The "directories" with its data. */
  readonly roots: string[]
  /** Newest first. */
  readonly records: RunRef[]
  /** Set if one of its manifests cannot be read: then the data it refers to is unknown. */
  problem: unknown
}

export interface Survey {
  readonly current: ManifestRef | undefined
  /** By run id; runs that have published come first, newest first. */
  readonly runs: ReadonlyMap<string, SurveyedRun>
  /** Runs whose data is named by manifests of other runs: by run id, with those other runs. */
  readonly referenced: ReadonlyMap<string, ReadonlySet<string>>
}

/**
 * Finds the runs below a prefix: their manifests, their data and their records.
 *
 * Errors: SHARD_MANIFEST if the pointer, or the manifest it names, cannot be read: then it is
 * unknown what is in use.
 */
export async function surveyRuns(
  lineage: Lineage,
  signal: AbortSignal | undefined,
  where: string,
): Promise<Survey> {
  const { prefix, objects, manifests } = lineage
  const runs = new Map<string, SurveyedRun>()
  const run = (runId: string): SurveyedRun => {
    let found = runs.get(runId)
    if (found === undefined) {
      found = { runId, manifests: [], roots: [], records: [], problem: undefined }
      runs.set(runId, found)
    }
    return found
  }
  const records = await lineage.runs.list({ signal })
  const current = await manifests.loadCurrent({ signal })
  const listed = await manifests.listManifests(Number.MAX_SAFE_INTEGER, { signal })
  for (const ref of listed) run(ref.runId).manifests.push(ref)
  for (const record of records) run(record.runId).records.push(record)
  if (current !== undefined && !listed.some((ref) => isSameManifest(ref, current)))
    throw currentUnknown(current, where)

  // By folder: the run ids under which manifests name it, even if the folder has another run id.
  const named = new Map<string, Set<string>>()
  const folders = new Set(RUN_FOLDERS)
  const look = async (ref: ManifestRef): Promise<void> => {
    try {
      const manifest = await manifests.loadManifest(ref.ref, { signal })
      const folder = folderOf(manifest)
      if (folder !== undefined) folders.add(folder)
      for (const url of namedFolders(manifest, prefix)) {
        const users = named.get(url) ?? new Set()
        named.set(url, users.add(ref.runId))
      }
    } catch (error) {
      const { code } = error as Partial<ShardyfusionError>
      if (!isShardyfusionError(error) || (code !== 'SHARD_MANIFEST' && code !== 'SHARD_NOT_FOUND'))
        throw error
      if (current !== undefined && isSameManifest(ref, current)) throw error
      // Removed since it was listed, or damaged.
      if (code === 'SHARD_MANIFEST') run(ref.runId).problem = error
    }
  }
  const limit = pLimit({ concurrency: CONCURRENCY, rejectOnClear: true })
  try {
    await limit.map(listed, look)
  } finally {
    limit.clearQueue()
  }
  for (const folder of folders) {
    for (const url of await objects.listPrefixes(joinUrl(prefix, folder), { signal })) {
      const runId = runOfFolder(lastSegment(url))
      if (runId !== undefined) run(runId).roots.push(url)
    }
  }
  return { current, runs, referenced: referencesOf(runs.values(), named) }
}

/** Returns the folder of a manifest's shards, if a writer may use it. */
function folderOf({ shardPrefix }: Manifest): string | undefined {
  try {
    validateSegment(shardPrefix, 'shardPrefix')
  } catch {
    return undefined
  }
  return RESERVED.includes(shardPrefix) ? undefined : shardPrefix
}

/** Returns, by run id, the other runs whose manifests name its data. */
function referencesOf(
  runs: Iterable<SurveyedRun>,
  named: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, Set<string>> {
  const referenced = new Map<string, Set<string>>()
  for (const { runId, roots } of runs) {
    const users = new Set<string>()
    for (const root of roots) {
      // Nearly all names match exactly, so the rest need not be compared.
      const exact = named.get(root)
      if (exact !== undefined) for (const user of exact) users.add(user)
    }
    for (const [url, of] of named) {
      if (!isUnusual(url) || !roots.some((root) => overlap(url, root))) continue
      for (const user of of) users.add(user)
    }
    users.delete(runId)
    if (users.size > 0) referenced.set(runId, users)
  }
  return referenced
}

/** Returns true for a URL that is not the folder of one run, but inside or above one. */
function isUnusual(url: string): boolean {
  return runOfFolder(lastSegment(url)) === undefined
}

function currentUnknown(current: ManifestRef, where: string): ShardyfusionError {
  return manifestError(
    where,
    `the current manifest (${describeUrl(current.ref)}) is not among those published below this prefix, so the data in use ` +
      'is unknown; first publish, or roll back to a snapshot that exists',
    { peer: 'ReaderStateError', details: { manifestRef: current.ref } },
  )
}
