import { DB_PATH_TEMPLATE, SHARDS } from '../../snapshot/layout.js'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import { publishManifest } from '../../snapshot/catalog/publish.js'
import { codecName } from '../../values/codec-name.js'
import type { BuildJob } from '../open/build-job.js'
import { buildManifest } from './build-manifest.js'
import { requireStored } from './require-stored.js'
import type { Selection } from './select-winners.js'

/**
 * Makes the winners of a build the current snapshot, after making them durable.
 *
 * `description` is the part of the field `vector` that a snapshot without keys has in addition.
 *
 * Errors: those of `requireStored` and `publishManifest`.
 */
export async function publishWinners(
  job: BuildJob,
  { shards, winners }: Selection,
  durable: ReadonlySet<string>,
  description?: Readonly<Record<string, unknown>>,
): Promise<{ manifest: Manifest; ref: ManifestRef }> {
  await requireStored(job, winners)
  const { runId, layout, engine, vectors, catalog, objects, options } = job
  const { keyColumn, keyEncoding, values, custom, signal } = options
  const fields = engine.manifestFields?.(vectors, description === undefined)
  const described = description && { vector: { ...(fields?.['vector'] as object), ...description } }
  const manifest = buildManifest(
    winners,
    {
      runId,
      prefix: options.prefix,
      shards,
      sharding: layout.spec,
      keyColumn,
      keyEncoding,
      shardPrefix: SHARDS,
      dbPathTemplate: DB_PATH_TEMPLATE,
      shardFormat: engine.format,
      valueCodec: codecName(values),
      custom: { ...custom, ...fields, ...described },
    },
    job.warn,
  )
  const ref = await publishManifest(catalog.manifests, manifest, {
    objects,
    shardUrls: winners.flatMap(({ url }) => (url === undefined || durable.has(url) ? [] : url)),
    signal,
  })
  warnOfClock(job, ref)
  return { manifest, ref }
}

/** Synchronised clocks of machines differ by less. */
const CLOCK_TOLERANCE_MS = 60_000

/** A publication that follows one dated ahead of this clock is also dated ahead. */
function warnOfClock({ warn }: BuildJob, { publishedMicros, publishedAt }: ManifestRef): void {
  const leadMs = Number(publishedMicros / 1000n) - Date.now()
  if (leadMs <= CLOCK_TOLERANCE_MS) return
  warn(
    `the snapshot is dated ${publishedAt}, ${Math.round(leadMs / 1000)} s ahead of this clock, to come after the one ` +
      'before it; compare the clocks of the machines that publish here',
  )
}
