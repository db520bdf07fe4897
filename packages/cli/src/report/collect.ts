import type { SnapshotInfo } from '@shardyfusion/core'
import type { ListedSnapshot } from '@shardyfusion/core/maintain'
import type { Manifest, ManifestStore } from '@shardyfusion/core/extend'
import { cellText } from '../output/csv-text.js'
import { loadMaintenance } from '../session/library.js'
import type { Session } from '../session/session.js'
import { vectorFacts } from '../session/vector-facts.js'
import { packageVersion } from '../util/package-version.js'
import type { ReportData, ReportRun } from './report-data.js'

/** Number of manifests loaded concurrently. */
const CONCURRENCY = 8

/**
 * Loads the data of the report: the manifest of the snapshot, the manifests of other runs, and run records.
 *
 * Manifests come from core, because the sync package exposes none. No shard is opened.
 */
export async function collectReport(
  session: Session,
  { title, limit }: { title: string | undefined; limit: number },
): Promise<ReportData> {
  const reader = await session.searcher()
  const info: SnapshotInfo = reader.info()
  const { prefix, catalog, ...connection } = session.storage
  const listed = await session.history(limit)
  const { objectCatalog } = await import('@shardyfusion/core')
  const opened = catalog ?? (await objectCatalog({ ...connection, prefix }))
  try {
    const { manifests } = opened
    const loaded = await loadAll(manifests, listed)
    const shown = loaded.get(info.manifestRef) ?? (await manifests.loadManifest(info.manifestRef))
    const started = await runStarts(session, limit)
    const { sharding } = shown
    const values = sharding.strategy === 'cel' ? sharding.routingValues : undefined
    return {
      title: title ?? prefix.slice(prefix.lastIndexOf('/') + 1),
      prefix,
      madeAt: Date.now(),
      version: packageVersion(),
      info,
      vectors: vectorFacts(reader),
      shards: shown.entries.map(
        ({ id, url, rowCount, bytes, minKey, maxKey, attempt, writerInfo }) => ({
          id,
          value: values?.[id] === undefined ? undefined : cellText(values[id]),
          rows: rowCount,
          bytes,
          minKey,
          maxKey,
          durationMs: writerInfo.durationMs,
          attempt,
          isEmpty: url === undefined,
        }),
      ),
      runs: listed
        .map((snapshot) => reportRun(snapshot, loaded.get(snapshot.ref), started, info.manifestRef))
        .toReversed(),
    }
  } finally {
    if (opened !== catalog) await opened.close?.()
  }
}

/** Loads the readable manifests. A damaged one must not prevent the report. */
async function loadAll(
  manifests: ManifestStore,
  listed: readonly ListedSnapshot[],
): Promise<Map<string, Manifest>> {
  const loaded = new Map<string, Manifest>()
  for (let i = 0; i < listed.length; i += CONCURRENCY) {
    const some = listed.slice(i, i + CONCURRENCY)
    const results = await Promise.allSettled(some.map(({ ref }) => manifests.loadManifest(ref)))
    results.forEach((result, n) => {
      if (result.status === 'fulfilled') loaded.set(some[n]!.ref, result.value)
    })
  }
  return loaded
}

/** The start time of each run that has a run record, by id. */
async function runStarts(session: Session, limit: number): Promise<Map<string, number>> {
  const { listRuns } = await loadMaintenance()
  const records = await listRuns({ ...session.storage, limit: limit * 2 })
  return new Map(
    records.flatMap(({ record }) =>
      record?.status === 'succeeded' && record.writerType !== 'rollback'
        ? [[record.runId, Date.parse(record.startedAt)] as const]
        : [],
    ),
  )
}

function reportRun(
  { ref, runId, publishedAt, isCurrent }: ListedSnapshot,
  manifest: Manifest | undefined,
  started: ReadonlyMap<string, number>,
  shownRef: string,
): ReportRun {
  const at = Date.parse(publishedAt)
  const start = started.get(runId)
  return {
    runId,
    publishedAt: at,
    isCurrent,
    isShown: ref === shownRef,
    rows: manifest?.entries.reduce((sum, { rowCount }) => sum + rowCount, 0),
    bytes: manifest?.entries.reduce((sum, { bytes }) => sum + bytes, 0),
    shards: manifest?.shards,
    buildMs: start === undefined ? undefined : Math.max(0, at - start),
  }
}
