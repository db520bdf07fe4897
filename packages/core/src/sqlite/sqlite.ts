import * as v from 'valibot'
import { CORE_MODULE, withOrigin } from '../async/origin.js'
import type { EngineFeatures, EngineLimits, EngineShard, ShardEngine } from '../engine/engine.js'
import { parseOptions } from '../options/parse-options.js'
import { integer } from '../options/scalars.js'
import { MAX_VALUE_BYTES } from '../text/value-limits.js'
import { shardFileUrl } from './shard-file.js'
import type * as OpenReader from './open-reader.js'
import type * as SqliteWriter from './sqlite-writer.js'

/** How a reader reaches the file of a shard. */
export type SqliteMode = 'auto' | 'download' | 'range'

/** Bytes of a page, or `'auto'`: chosen for the rows of each shard. */
export type SqlitePageSize = 512 | 1024 | 2048 | 4096 | 8192 | 16384 | 32768 | 65536 | 'auto'

export interface SqliteOptions {
  /**
   * `'download'` takes the file of a shard into memory when the shard opens; `'range'` reads the
   * pages that a call needs. `'auto'`, the default, is `'range'` if a shard of the snapshot has 16
   * MiB or more, or all of them 2 GiB or more.
   */
  mode?: SqliteMode | undefined
  /**
   * Bytes of a page of new shards; 4096 by default. Larger pages save a round trip for values of
   * some KiB. `'auto'` is the smallest page, from 4096 on, that holds the longest key with the value
   * of the 95th percentile.
   */
  pageSize?: SqlitePageSize | undefined
  /**
   * Bytes of cached pages for `'range'`; 64 MiB by default. One cache serves all readers of a
   * thread, and the last value applies to all of them.
   */
  cacheBytes?: number | undefined
}

const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 'auto'] as const

const schema = v.strictObject({
  mode: v.optional(
    v.picklist(['auto', 'download', 'range'], "must be 'auto', 'download' or 'range'"),
    'auto',
  ),
  pageSize: v.optional(
    v.picklist(PAGE_SIZES, "must be a power of two from 512 to 65536 (bytes), or 'auto'"),
    4096,
  ),
  cacheBytes: v.optional(integer(0, 'bytes')),
})

/** The options of an engine, with defaults. */
export type SqliteSettings = v.InferOutput<typeof schema>

const FEATURES: EngineFeatures = { io: 'objects', peek: true, interruptible: true }

const LIMITS: EngineLimits = { minKeyBytes: 0, maxKeyBytes: 65_535, maxValueBytes: MAX_VALUE_BYTES }

/** Open files need little memory: their pages share one cache, and whole files are small ones. */
const MAX_OPEN_READERS = 256

/**
 * Creates the SQLite engine: a shard is one SQLite file, `shard.db`, with the table `kv`.
 *
 * It reads and writes the file format in TypeScript, without SQLite and without WebAssembly. Errors:
 * SHARD_INVALID_OPTION for bad options. Source: wire-format §13.7, §14.1.
 *
 * @example
 * await writeSnapshot(rows, { prefix, sharding, engine: sqlite({ pageSize: 'auto' }) })
 */
export function sqlite(options: SqliteOptions = {}): ShardEngine {
  const settings = parseOptions(schema, options, 'sqlite')
  const engine: ShardEngine = {
    name: 'sqlite',
    format: 'sqlite',
    supports: FEATURES,
    limits: LIMITS,
    maxOpenReaders: MAX_OPEN_READERS,
    recognizes,
    openWriter: async (o) => (await loadWriter()).openSqliteWriter(o, settings),
    openReader: async (o) => (await loadReader()).openSqliteReader(o, settings),
  }
  return withOrigin(engine, { module: CORE_MODULE, export: 'sqlite', options })
}

let reader: Promise<typeof OpenReader> | undefined
let writer: Promise<typeof SqliteWriter> | undefined

/** Loaded once: an import takes longer than a shard from memory takes to open. */
function loadReader(): Promise<typeof OpenReader> {
  return (reader ??= import('./open-reader.js'))
}

function loadWriter(): Promise<typeof SqliteWriter> {
  return (writer ??= import('./sqlite-writer.js'))
}

async function recognizes({ url, objects, signal }: EngineShard): Promise<boolean> {
  return (await objects.head(shardFileUrl(url), { signal })) !== undefined
}
