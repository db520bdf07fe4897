import * as v from 'valibot'
import { isShardyfusionError } from '../../errors.js'
import { CellsDigest } from './cells-digest.js'
import { parseOptions } from '../../options/parse-options.js'
import { integer } from '../../options/scalars.js'
import { MAX_MANIFEST_SHARDS } from '../max-manifest-shards.js'
import type { Manifest } from './manifest.js'
import { badManifest, type Site } from './manifest-row.js'
import { decodeRows, encodeCustom, encodeRows } from './manifest-rows.js'
import { BUILD_META_COLUMNS, SHARD_COLUMNS, TableReader, writeTables } from './manifest-tables.js'
import { isError } from '../../errors/is-error.js'

/** Bounds on the resources that an untrusted manifest may take. */
export interface DecodeLimits {
  /** Maximum size of the image, in bytes; 64 MiB by default, about 300,000 shards. */
  readonly maxBytes?: number | undefined
  /** Maximum number of shards, including empty ones; 100,000 by default. */
  readonly maxShards?: number | undefined
}

const Limits = v.strictObject({
  maxBytes: v.optional(integer(1, 'bytes'), 64 * 1024 * 1024),
  maxShards: v.optional(integer(1, 'shards'), MAX_MANIFEST_SHARDS),
})

/** Fills in the default limits. Errors: SHARD_INVALID_OPTION. */
export function parseDecodeLimits(
  limits: DecodeLimits | undefined,
  where: string,
): Required<v.InferOutput<typeof Limits>> {
  return parseOptions(Limits, limits, where)
}

/**
 * Decodes a manifest object's bytes, which are untrusted.
 *
 * Errors: SHARD_MANIFEST (peer ManifestParseError), naming table, column and shard where there is
 * one; `where` starts the message. Source: wire-format §3.8, in its order.
 */
export async function decodeManifest(
  bytes: Uint8Array,
  where: string,
  limits?: DecodeLimits,
): Promise<Manifest> {
  const { maxBytes, maxShards } = parseDecodeLimits(limits, where)
  const site: Site = { where, peer: 'ManifestParseError' }
  if (bytes.length > maxBytes) {
    throw badManifest(
      site,
      {},
      `expected a manifest of at most ${maxBytes} bytes, got ${bytes.length}; raise maxBytes to read it`,
    )
  }
  try {
    const digest = new CellsDigest()
    const reader = await TableReader.open(bytes)
    const [buildMeta] = reader.read('build_meta', BUILD_META_COLUMNS, 1)
    if (buildMeta === undefined) throw badManifest(site, { table: 'build_meta' }, 'has no row')
    const { manifest, cellsDigest } = decodeRows(
      site,
      buildMeta,
      (limit) => reader.read('shards', SHARD_COLUMNS, limit),
      maxShards,
      digest,
    )
    if (cellsDigest !== undefined && cellsDigest !== (await digest.digest())) {
      throw badManifest(
        site,
        { table: 'build_meta', column: 'custom.cells_sha256' },
        'must be the SHA-256 of all cells of the manifest, but it differs: the manifest is damaged; restore it from a ' +
          'copy, roll back, or publish again',
      )
    }
    return manifest
  } catch (cause) {
    if (isShardyfusionError(cause)) throw cause
    const reason = isError(cause) ? cause.message : String(cause)
    throw badManifest(site, {}, `expected a readable manifest, but ${reason}`, cause)
  }
}

/**
 * Encodes a manifest object: a SQLite image as the reference writes it.
 *
 * Errors: SHARD_MANIFEST (peer ManifestBuildError) if the manifest breaks a rule that readers
 * check, so that every published manifest can be read. Source: wire-format §3.1-3.6.
 */
export async function encodeManifest(manifest: Manifest): Promise<Uint8Array> {
  const site: Site = { where: 'encodeManifest', peer: 'ManifestBuildError' }
  const { buildMeta, shards } = encodeRows(site, manifest)
  // Writing follows the same rules as reading.
  decodeRows(site, buildMeta, () => shards, Number.MAX_SAFE_INTEGER)
  const digest = new CellsDigest()
  digest.add(BUILD_META_COLUMNS, buildMeta)
  for (const cells of shards) digest.add(SHARD_COLUMNS, cells)
  const custom = encodeCustom(site, manifest, await digest.digest())
  return writeTables({ ...buildMeta, custom }, shards)
}
