import { MAX_MANIFEST_SHARDS } from '../max-manifest-shards.js'
import type { Manifest } from '../manifest/manifest.js'
import { decodeRows, encodeCustom, encodeRows } from '../manifest/manifest-rows.js'
import type { Site } from '../manifest/manifest-row.js'
import type { BuildMetaColumn, Cells, ShardColumn } from '../manifest/manifest-tables.js'

/**
 * A manifest as the cells of its two tables, for catalogs that store it in tables of another database.
 *
 * JSON cells contain text; integers are numbers or bigints. Source: wire-format §3.2 and §3.3.
 */
export interface ManifestRecord {
  /** Facts of the run. */
  readonly buildMeta: Cells<BuildMetaColumn>
  /** One row per shard with data, in order of `db_id`. */
  readonly shards: readonly Cells<ShardColumn>[]
}

/**
 * Encodes a manifest as cells, without the digest of them that manifest objects contain.
 *
 * Errors: SHARD_MANIFEST (peer ManifestBuildError) if the manifest breaks a rule that readers check.
 */
export function encodeManifestRecord(manifest: Manifest, where: string): ManifestRecord {
  const site: Site = { where, peer: 'ManifestBuildError' }
  const { buildMeta, shards } = encodeRows(site, manifest)
  const record = { buildMeta: { ...buildMeta, custom: encodeCustom(site, manifest) }, shards }
  decodeRows(site, record.buildMeta, () => shards, Number.MAX_SAFE_INTEGER)
  return record
}

/**
 * Decodes cells, which are untrusted, into a manifest of at most 100,000 shards.
 *
 * Errors: SHARD_MANIFEST (peer ManifestParseError), naming table, column and shard; `where` starts
 * the message. Source: wire-format §3.8.
 */
export function decodeManifestRecord(
  { buildMeta, shards }: ManifestRecord,
  where: string,
): Manifest {
  const site: Site = { where, peer: 'ManifestParseError' }
  return decodeRows(site, buildMeta, () => shards, MAX_MANIFEST_SHARDS).manifest
}
