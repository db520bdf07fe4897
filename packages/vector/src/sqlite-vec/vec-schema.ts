import type { Schema } from 'sqlite-file'
import { engineError } from '@shardyfusion/core/internal-vector'
import type { ShardyfusionError } from '@shardyfusion/core'

// The tables of a shard with vectors: those of sqlite-vec 0.1.x for one column without options, and two of the Python
// project (wire-format §14.3).

export const KV_TABLE = 'CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID'
export const INFO_TABLE = 'CREATE TABLE "vec_index_info" (key text primary key, value any)'
export const CHUNKS_TABLE =
  'CREATE TABLE "vec_index_chunks"(chunk_id INTEGER PRIMARY KEY AUTOINCREMENT,size INTEGER NOT NULL,validity BLOB NOT NULL,rowids BLOB NOT NULL)'
export const SEQUENCE_TABLE = 'CREATE TABLE sqlite_sequence(name,seq)'
export const ROWIDS_TABLE =
  'CREATE TABLE "vec_index_rowids"(rowid INTEGER PRIMARY KEY AUTOINCREMENT,id,chunk_id INTEGER,chunk_offset INTEGER)'
export const VECTORS_TABLE =
  'CREATE TABLE "vec_index_vector_chunks00"(rowid PRIMARY KEY,vectors BLOB NOT NULL)'
export const PAYLOADS_TABLE =
  'CREATE TABLE vec_payloads (rowid INTEGER PRIMARY KEY, payload TEXT NOT NULL)'
export const IDS_TABLE =
  'CREATE TABLE vec_id_map (internal_id INTEGER PRIMARY KEY, original_id TEXT NOT NULL)'

/** Facts about the file that readers of this package use while it is unchanged; SQLite ignores it. */
export const FACTS_TABLE = 'CREATE TABLE sf_info (key TEXT PRIMARY KEY, value)'

export const CREATED_BY = [
  ['CREATE_VERSION', 'v0.1.9'],
  ['CREATE_VERSION_MAJOR', 0],
  ['CREATE_VERSION_MINOR', 1],
  ['CREATE_VERSION_PATCH', 9],
] as const

/** Rows of one block of vectors. */
export const BLOCK_ROWS = 1024

export function virtualTable(dimensions: number, metric: string): string {
  return `CREATE VIRTUAL TABLE vec_index USING vec0(embedding float[${dimensions}] distance_metric=${metric})`
}

const SHADOW_TABLES = new Set([
  'vec_index_info',
  'vec_index_chunks',
  'vec_index_rowids',
  'vec_index_vector_chunks00',
])
const FORM =
  /^CREATE\s+VIRTUAL\s+TABLE\s+"?vec_index"?\s+USING\s+vec0\s*\(\s*embedding\s+float\[(\d{1,5})\](?:\s+distance_metric\s*=\s*(\w+))?\s*\)$/i

/** The vectors of a shard, as its schema declares them. */
export interface VecTable {
  readonly dimensions: number
  readonly metric: 'cosine' | 'l2'
}

/**
 * Reads the declaration of the table of vectors; `undefined` if the file has none.
 *
 * Errors: SHARD_ENGINE, naming what is not supported: other columns and types, other metrics, tables of
 * other versions of sqlite-vec.
 */
export function readVecTable(schema: Schema, url: string): VecTable | undefined {
  const object = schema.objects.find(({ name }) => name === 'vec_index')
  if (object === undefined) return undefined
  const declared = FORM.exec(object.sql ?? '')
  if (declared === null) {
    throw unsupportedVectors(
      url,
      `its table vec_index must be declared as vec0(embedding float[n] distance_metric=…), got ${(object.sql ?? '').slice(0, 200)}`,
    )
  }
  const dimensions = Number(declared[1])
  const metric = declared[2]?.toLowerCase() ?? 'l2'
  if (!(dimensions > 0 && dimensions <= 65536))
    throw unsupportedVectors(url, `vectors must have 1 to 65536 values, got ${dimensions}`)
  if (metric !== 'cosine' && metric !== 'l2')
    throw unsupportedVectors(url, `its metric must be cosine or l2, got ${metric}`)
  const names = schema.tableNames.filter((name) => /^vec_index_/i.test(name))
  const other = names.find((name) => !SHADOW_TABLES.has(name))
  if (other !== undefined) {
    throw unsupportedVectors(
      url,
      `it has the table ${other}, which sqlite-vec 0.1.x makes only with options (such as partition keys, metadata or ` +
        'other indexes)',
    )
  }
  const lacking = [...SHADOW_TABLES].find((name) => !names.includes(name))
  if (lacking !== undefined) throw damagedVectors(url, `the table ${lacking} is missing`)
  return { dimensions, metric }
}

function unsupportedVectors(url: string, problem: string): ShardyfusionError {
  return engineError(
    'sqliteVec',
    `the vectors of ${url} are stored in a way that is not supported: ${problem}; write them again with ` +
      'sqlite-vec 0.1.x and one column without options',
    { details: { url, kind: 'Data' } },
  )
}

export function damagedVectors(url: string, problem: string): ShardyfusionError {
  return engineError(
    'sqliteVec',
    `the vectors of ${url} are damaged: ${problem}; restore the shard from a copy, or build it again`,
    { details: { url, kind: 'Data' } },
  )
}
