import pLimit from 'p-limit'
import { isShardyfusionError, ShardyfusionError } from '../errors.js'
import { isSameManifest } from '../manifest/find-manifest.js'
import type { ManifestRef } from '../manifest/manifest-store.js'
import type { Manifest } from '../manifest/manifest.js'
import {
  isBelow,
  joinUrl,
  lastSegment,
  validateSegment,
  withoutTrailingSlashes,
} from '../objects/urls.js'
import type { RunRef } from '../runs/run-registry.js'
import { describeUrl } from '../util/describe-url.js'
import type { Lineage } from './open-lineage.js'

const CONCURRENCY = 4

/** Folders that hold data of runs by default; `vector_meta` is that of vector snapshots. */
const RUN_FOLDERS = ['shards', 'vector_meta']
/** What a manifest cannot claim to be its folder of shards. */
const RESERVED = ['manifests', 'runs', '_CURRENT']

/** Everything below a prefix that belongs to one run. */
export interface SurveyedRun {
  readonly runId: string
  /** Newest first; none if it has published nothing. */
  readonly manifests: ManifestRef[]
  /** The "directories" with its data. */
  readonly roots: string[]
  /** Newest first. */
  readonly records: RunRef[]
  /** Set if a manifest of it cannot be read: what it refers to is then unknown. */
  problem: unknown
}

export interface Survey {
  readonly current: ManifestRef | undefined
  /** By run id; those that have published come first, newest first. */
  readonly runs: ReadonlyMap<string, SurveyedRun>
  /** Runs whose data some other run's manifest names, by run id, with those other runs. */
  readonly referenced: ReadonlyMap<string, ReadonlySet<string>>
}

/**
 * Finds the runs below a prefix: what they published, where their data lies, what they noted.
 *
 * Errors: SHARD_MANIFEST when the pointer, or the manifest it names, cannot be read: nobody can tell then what is in use.
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

  const referenced = new Map<string, Set<string>>()
  const folders = new Set(RUN_FOLDERS)
  const look = async (ref: ManifestRef): Promise<void> => {
    try {
      const manifest = await manifests.loadManifest(ref.ref, { signal })
      const folder = folderOf(manifest)
      if (folder !== undefined) folders.add(folder)
      for (const other of othersIn(manifest, prefix)) {
        const users = referenced.get(other) ?? new Set()
        referenced.set(other, users.add(ref.runId))
      }
    } catch (error) {
      const { code } = error as Partial<ShardyfusionError>
      if (!isShardyfusionError(error) || (code !== 'SHARD_MANIFEST' && code !== 'SHARD_NOT_FOUND'))
        throw error
      if (current !== undefined && isSameManifest(ref, current)) throw error
      // Gone since it was listed, or damaged.
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
      const runId = /^run_id=(.+)$/s.exec(lastSegment(url))?.[1]
      if (runId !== undefined) run(runId).roots.push(url)
    }
  }
  return { current, runs, referenced }
}

/** The folder of a manifest's shards, if it is one a writer may have. */
function folderOf({ shardPrefix }: Manifest): string | undefined {
  try {
    validateSegment(shardPrefix, 'shardPrefix')
  } catch {
    return undefined
  }
  return RESERVED.includes(shardPrefix) ? undefined : shardPrefix
}

/** Ids of other runs whose data the manifest names; URLs of a copy are taken to lie where it was copied to. */
function othersIn(manifest: Manifest, prefix: string): Set<string> {
  const others = new Set<string>()
  const written = withoutTrailingSlashes(manifest.prefix)
  for (const { url } of manifest.entries) {
    const root = url === undefined ? undefined : [prefix, written].find((at) => isBelow(url, at))
    if (url === undefined || root === undefined) continue
    const [, directory = ''] = url.slice(root.length + 1).split('/')
    const runId = /^run_id=(.+)$/s.exec(directory)?.[1]
    if (runId !== undefined && runId !== manifest.runId) others.add(runId)
  }
  return others
}

function currentUnknown(current: ManifestRef, where: string): ShardyfusionError {
  return new ShardyfusionError(
    'SHARD_MANIFEST',
    `${where}: the current manifest (${describeUrl(current.ref)}) is not among those published below this prefix, so that nobody ` +
      'can tell what is in use; publish, or roll back to a snapshot that is there, first',
    { details: { peer: 'ReaderStateError', manifestRef: current.ref } },
  )
}
