import { CORE_MODULE, withOrigin } from '../async/origin.js'
import type { EngineFeatures, EngineLimits, EngineShard, ShardEngine } from '../engine/engine.js'
import { parseOptions } from '../options/parse-options.js'
import { MAX_VALUE_BYTES } from '../text/value-limits.js'
import { shardFileUrl } from './shard-file.js'
import { type SqliteOptions, sqliteOptionsSchema } from './sqlite-options.js'
import type * as OpenReader from './open-reader.js'
import type * as SqliteWriter from './sqlite-writer.js'

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
  const settings = parseOptions(sqliteOptionsSchema, options, 'sqlite')
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
