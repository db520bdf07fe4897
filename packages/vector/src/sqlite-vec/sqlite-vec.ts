import type { Origin, ShardEngine, VectorSettings } from '@shardyfusion/core/extend'
import { integer, invalidOption, parseOptions } from '@shardyfusion/core/internal-vector'
import * as v from 'valibot'
import { IvfBuilder } from '../ivf/ivf-builder.js'
import { type IndexBuilder, noIndex } from './index-builder.js'
import { SqliteVecReader } from './sqlite-vec-reader.js'
import { SHARD_FILE, SqliteVecWriter } from './sqlite-vec-writer.js'

/** Options of `sqliteVec()`. */
export interface SqliteVecOptions {
  /** Bytes of a page of the files it writes: a power of two from 4096 to 65536; 4096 by default. */
  pageSize?: number | undefined
  /**
   * How large shards are searched. `'auto'` (default) makes an index for shards of 150,000 vectors or more, in tables
   * that SQLite ignores; `{ lists }` always makes one, with that many lists; `'exact'` makes none. Searches with
   * `exact: true` never use it.
   */
  index?: 'auto' | 'exact' | { lists: number } | undefined
}

const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536]
const schema = v.strictObject({
  pageSize: v.optional(
    v.picklist(PAGE_SIZES, `must be one of ${PAGE_SIZES.join(', ')} (bytes)`),
    4096,
  ),
  index: v.optional(
    v.union(
      [v.picklist(['auto', 'exact']), v.strictObject({ lists: integer(1, 'lists', 4096) })],
      "must be 'auto', 'exact' or { lists }, with 1 to 4096 lists",
    ),
    'auto',
  ),
})

const METRICS = ['cosine', 'l2']
/** Bytes of a value: SQLite's own limit, less room for the key. */
const MAX_VALUE_BYTES = 2 ** 30 - 2 ** 21
const MAX_DIMENSIONS = 8192

/**
 * The engine that stores keys and vectors in one SQLite file for each shard.
 *
 * The files are those of the Python project and of the SQLite extension sqlite-vec 0.1.x, which can read and search
 * them; nothing of either is needed here. Metrics: cosine and l2.
 *
 * @example
 * await writeSnapshot(words, { prefix, sharding: { shards: 4 }, key: 'word', keyEncoding: 'utf8', values:
 * 'json', engine: sqliteVec(), vector: { of: 'embedding', dimensions: 100 } })
 */
export function sqliteVec(options: SqliteVecOptions = {}): ShardEngine {
  const { pageSize, index } = parseOptions(schema, options, 'sqliteVec')
  const origin: Origin = {
    module: import.meta.url.replace('/sqlite-vec/sqlite-vec.js', '/index.js'),
    export: 'sqliteVec',
    options: { pageSize, index },
  }
  const lists = typeof index === 'object' ? index.lists : undefined
  const indexBuilder = (settings: VectorSettings): IndexBuilder =>
    index === 'exact' ? noIndex : new IvfBuilder(settings, lists)
  return {
    name: 'sqlite-vec',
    format: 'sqlite-vec',
    origin,
    supports: { io: 'objects', peek: true, interruptible: true, search: METRICS },
    limits: { minKeyBytes: 0, maxKeyBytes: 65535, maxValueBytes: MAX_VALUE_BYTES },
    maxOpenReaders: 256,
    manifestFields: (vectors, unified) =>
      vectors === undefined ? {} : { vector: vectorFields(vectors, unified) },
    recognizes: async ({ url, objects, signal }) =>
      (await objects.head(`${url}/${SHARD_FILE}`, { signal })) !== undefined,
    openWriter: async (o) => {
      requireObjects(o)
      if (o.vectors !== undefined) checkSettings(o.vectors)
      o.signal?.throwIfAborted()
      return new SqliteVecWriter(o, { pageSize, index: indexBuilder })
    },
    openReader: async (o) => {
      requireObjects(o)
      return SqliteVecReader.open(o)
    },
  }
}

/** The field `vector` of a manifest, as the Python project writes it (wire-format §15). */
function vectorFields(
  { dimensions, metric }: VectorSettings,
  unified: boolean,
): Record<string, unknown> {
  const index = { dim: dimensions, metric, index_type: 'hnsw', quantization: null }
  return unified ? { ...index, unified, backend: 'sqlite-vec', kv_backend: 'sqlite-vec' } : index
}

function checkSettings({ dimensions }: VectorSettings): void {
  if (dimensions <= MAX_DIMENSIONS) return
  throw invalidOption(
    'sqliteVec',
    `vector.dimensions must be from 1 to ${MAX_DIMENSIONS}, the limit of sqlite-vec, got ${dimensions}`,
  )
}

function requireObjects({ objects, url }: { objects?: unknown; url: string }): void {
  if (objects !== undefined) return
  throw invalidOption(
    'sqliteVec',
    `needs a store for ${url}, got none; open it through a reader or writer`,
  )
}
