import { describeValue } from '../../options/describe-value.js'
import { type CellsDigest, withoutDigest } from './cells-digest.js'
import type { KeyEncoding } from '../../types.js'
import { joinCustom, type LibraryFields, splitCustom } from './library-fields.js'
import { type JsonValue, stringifyJson } from '../../text/lossless-json.js'
import {
  emptyShard,
  MANIFEST_FORMAT_VERSION,
  type Manifest,
  type ManifestShard,
  type WriterInfo,
} from './manifest.js'
import { badManifest, ManifestRow, type Site } from './manifest-row.js'
import {
  BUILD_META_COLUMNS,
  type BuildMetaColumn,
  type Cells,
  SHARD_COLUMNS,
  type ShardColumn,
} from './manifest-tables.js'
import { decodeSharding, encodeSharding } from './sharding-json.js'
import { isErrorNamed } from '../../errors/is-error.js'

/** A manifest, and the digest of its cells in `custom`; `undefined` if the writer did not store one. */
export interface DecodedRows {
  readonly manifest: Manifest
  readonly cellsDigest: string | undefined
}

/**
 * Decodes rows into a manifest, by rule 4 and the following ones of wire-format §3.8. Adds them to
 * `digest` if the manifest has one.
 *
 * `readShards` is called for one row more than allowed, which is enough to detect too many.
 */
export function decodeRows(
  site: Site,
  buildMeta: Cells<BuildMetaColumn>,
  readShards: (limit: number) => Iterable<Cells<ShardColumn>>,
  maxShards: number,
  digest?: CellsDigest,
): DecodedRows {
  const row = new ManifestRow(site, 'build_meta', buildMeta)
  const sharding = decodeSharding(row)
  const { fields: library, custom } = decodeCustom(row, buildMeta.custom)
  const shards = row.integer('num_dbs', 1)
  if (shards > maxShards) {
    throw row.refuse(
      'num_dbs',
      `must be at most ${maxShards} (shards), got ${shards}; raise maxShards to read it`,
    )
  }
  const fields = {
    runId: row.text('run_id'),
    createdAt: row.timestamp('created_at'),
    shards,
    prefix: row.text('s3_prefix'),
    keyColumn: row.text('key_col'),
    sharding,
    dbPathTemplate: row.text('db_path_template'),
    shardPrefix: row.text('shard_prefix'),
    keyEncoding: decodeKeyEncoding(row),
    ...(library.shardFormat !== undefined && { shardFormat: library.shardFormat }),
    ...(library.valueCodec !== undefined && { valueCodec: library.valueCodec }),
    custom,
  }
  const { seals } = library
  if (seals !== undefined && seals.length !== shards) {
    throw row.refuse(
      'custom.shard_seals',
      `must have ${shards} seals, one per shard, got ${seals.length}`,
    )
  }
  const { cellsDigest } = library
  const digested = cellsDigest === undefined ? undefined : digest
  if (cellsDigest !== undefined) {
    const blank = withoutDigest(buildMeta.custom, cellsDigest)
    digested?.add(BUILD_META_COLUMNS, { ...buildMeta, custom: blank })
  }
  const decoded = Array.from(readShards(shards + 1), (cells) => {
    digested?.add(SHARD_COLUMNS, cells)
    return decodeShard(site, cells, seals)
  })
  const version = row.integer('format_version', Number.MIN_SAFE_INTEGER)
  if (version !== MANIFEST_FORMAT_VERSION) {
    throw row.refuse(
      'format_version',
      `must be ${MANIFEST_FORMAT_VERSION}, got ${version}; read it with a version of the SDK that knows it`,
    )
  }
  const entries = placeShards(site, shards, decoded)
  if (sharding.strategy === 'cel' && sharding.routingValues !== undefined) {
    const expected = Math.max(1, sharding.routingValues.length)
    if (shards !== expected)
      throw row.refuse('num_dbs', `must be ${expected}, one per routing value, got ${shards}`)
  }
  return { manifest: { ...fields, formatVersion: MANIFEST_FORMAT_VERSION, entries }, cellsDigest }
}

function decodeCustom(
  row: ManifestRow<BuildMetaColumn>,
  cell: Cells<BuildMetaColumn>['custom'],
): { fields: LibraryFields; custom: Readonly<Record<string, JsonValue>> } {
  const json = cell === null || cell === '' ? {} : row.jsonObject('custom', { nonFinite: true })
  try {
    return splitCustom(json)
  } catch (cause) {
    if (!isErrorNamed(cause, 'TypeError')) throw cause
    throw row.refuse('custom.shard_seals', cause.message, cause)
  }
}

function placeShards(
  site: Site,
  shards: number,
  decoded: readonly ManifestShard[],
): ManifestShard[] {
  if (decoded.length > shards) {
    throw badManifest(
      site,
      { table: 'shards' },
      `must have at most ${shards} rows, one per shard, got more`,
    )
  }
  const entries = Array.from({ length: shards }, (_, id) => emptyShard(id))
  const seen = new Set<number>()
  for (const shard of decoded) {
    const place = { table: 'shards', column: 'db_id', shard: shard.id }
    if (seen.has(shard.id)) throw badManifest(site, place, 'occurs twice')
    if (shard.id >= shards) throw badManifest(site, place, `must be below ${shards}`)
    seen.add(shard.id)
    if (shard.url !== undefined) entries[shard.id] = shard
  }
  return entries
}

function decodeKeyEncoding(row: ManifestRow<BuildMetaColumn>): KeyEncoding {
  const encoding = row.text('key_encoding')
  if (encoding === 'u64be' || encoding === 'u32be' || encoding === 'utf8' || encoding === 'raw')
    return encoding
  throw row.refuse(
    'key_encoding',
    `must be u64be, u32be, utf8 or raw, got ${describeValue(encoding)}`,
  )
}

function decodeShard(
  site: Site,
  cells: Cells<ShardColumn>,
  seals: readonly string[] | undefined,
): ManifestShard {
  const id = new ManifestRow(site, 'shards', cells).integer('db_id', 0)
  const row = new ManifestRow(site, 'shards', cells, id)
  const minKey = row.key('min_key')
  const maxKey = row.key('max_key')
  const writerInfo = decodeWriterInfo(row)
  const seal = seals?.[id] ?? ''
  const url = row.optionalText('db_url')
  // The reference accepts an empty URL and fails when it opens the shard; refused here, an older
  // manifest can still be used.
  if (url === '') throw row.refuse('db_url', 'must be a URL or NULL, got empty text')
  return {
    id,
    url,
    attempt: row.integer('attempt', 0),
    rowCount: row.integer('row_count', 0),
    bytes: row.integer('db_bytes', 0),
    minKey,
    maxKey,
    checkpointId: row.optionalText('checkpoint_id'),
    ...(seal !== '' && { seal }),
    writerInfo,
  }
}

function decodeWriterInfo(row: ManifestRow<ShardColumn>): WriterInfo {
  const json = row.jsonObject('writer_info')
  const {
    attempt = 0,
    duration_ms: durationMs = 0,
    stage_id: stageId = null,
    task_attempt_id: taskId = null,
  } = json
  return {
    attempt: row.member('writer_info.attempt', attempt),
    durationMs: row.member('writer_info.duration_ms', durationMs),
    ...(stageId === null ? {} : { stageId: row.member('writer_info.stage_id', stageId) }),
    ...(taskId === null
      ? {}
      : { taskAttemptId: row.member('writer_info.task_attempt_id', taskId) }),
  }
}

/** Encodes a manifest as rows, with an empty digest in `custom`; shards without data have none. */
export function encodeRows(
  site: Site,
  manifest: Manifest,
): { buildMeta: Cells<BuildMetaColumn>; shards: Cells<ShardColumn>[] } {
  checkEntries(site, manifest)
  const buildMeta = encodeBuildMeta(site, manifest)
  const shards = manifest.entries.filter((entry) => entry.url !== undefined).map(encodeShard)
  checkText(site, 'build_meta', buildMeta)
  for (const cells of shards) checkText(site, 'shards', cells)
  return { buildMeta, shards }
}

function encodeBuildMeta(site: Site, manifest: Manifest): Cells<BuildMetaColumn> {
  return {
    run_id: manifest.runId,
    created_at: manifest.createdAt,
    num_dbs: manifest.shards,
    s3_prefix: manifest.prefix,
    key_col: manifest.keyColumn,
    sharding: encodeSharding(manifest.sharding),
    db_path_template: manifest.dbPathTemplate,
    shard_prefix: manifest.shardPrefix,
    format_version: manifest.formatVersion,
    key_encoding: manifest.keyEncoding,
    custom: encodeCustom(site, manifest, ''),
  }
}

/** The cell `custom`, with the digest of all cells if there is one. */
export function encodeCustom(
  site: Site,
  { custom, shardFormat, valueCodec, entries }: Manifest,
  cellsDigest?: string,
): string {
  const seals = entries.map(({ seal = '' }) => seal)
  try {
    return stringifyJson(
      joinCustom(custom, { shardFormat, valueCodec, seals, cellsDigest }),
      'spaced',
    )
  } catch (cause) {
    if (!isErrorNamed(cause, 'TypeError')) throw cause
    throw badManifest(
      site,
      { table: 'build_meta', column: 'custom' },
      `must be JSON data: ${cause.message}`,
      cause,
    )
  }
}

function encodeShard(entry: ManifestShard): Cells<ShardColumn> {
  const { attempt, durationMs, stageId, taskAttemptId } = entry.writerInfo
  const writerInfo = {
    attempt,
    duration_ms: durationMs,
    stage_id: stageId ?? null,
    task_attempt_id: taskAttemptId ?? null,
  }
  return {
    db_id: entry.id,
    db_url: entry.url ?? null,
    attempt: entry.attempt,
    row_count: entry.rowCount,
    db_bytes: entry.bytes,
    min_key: entry.minKey === undefined ? null : stringifyJson(entry.minKey, 'spaced'),
    max_key: entry.maxKey === undefined ? null : stringifyJson(entry.maxKey, 'spaced'),
    checkpoint_id: entry.checkpointId ?? null,
    writer_info: stringifyJson(writerInfo, 'spaced'),
  }
}

/**
 * Checks facts that rows cannot show: entries are in order, and an entry without a URL has no data
 * to lose.
 */
function checkEntries(site: Site, manifest: Manifest): void {
  if (manifest.entries.length !== manifest.shards) {
    throw badManifest(
      site,
      { table: 'shards' },
      `must have ${manifest.shards} entries, got ${manifest.entries.length}`,
    )
  }
  manifest.entries.forEach((entry, id) => {
    const place = { table: 'shards', shard: id }
    if (entry.id !== id)
      throw badManifest(site, place, `must have id ${id}, got ${describeValue(entry.id)}`)
    if (entry.url === undefined && (entry.rowCount !== 0 || entry.bytes !== 0)) {
      throw badManifest(site, place, `has ${entry.rowCount} rows but no url`)
    }
  })
}

/** SQLite stores UTF-8, which has no lone surrogates: it would silently replace them. */
function checkText(site: Site, table: string, cells: Cells<string>): void {
  for (const [column, cell] of Object.entries(cells)) {
    if (typeof cell === 'string' && /\p{Surrogate}/u.test(cell)) {
      throw badManifest(site, { table, column }, 'must be well-formed text, got a lone surrogate')
    }
  }
}
