import type {
  EngineReader,
  EngineReaderOptions,
  EngineWriter,
  EngineWriterOptions,
} from '../../engine/engine.js'
import { damagedShard } from '../../engine/compare-seal.js'
import { inspectShard, listShard } from '../../engine/inspect-shard.js'
import { applySettings, type SlateDbSettings, slateDbSettingPairs } from '../slatedb-settings.js'
import { type Binding, loadBinding } from './binding.js'
import { nativeCall } from './native-calls.js'
import { nativeError } from './native-error.js'
import { NativeReader } from './native-reader.js'
import { resolveStore } from './native-stores.js'
import { NativeWriter } from './native-writer.js'
import { openBounded } from './open-bounded.js'

// A table in memory takes about seven times its size on storage for rows of 100 bytes, because one
// is written while the next fills (measured). The bounds avoid tables that are too small or too
// large.
const MEMORY_PER_TABLE_BYTE = 7
const MIN_TABLE_BYTES = 1024 * 1024
const MAX_TABLE_BYTES = 64 * 1024 * 1024
const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024

// Opening, polling and closing a reader each rewrite the shard's manifest (a checkpoint). The shard
// never changes, so polling finds nothing; the checkpoint must outlive the interval between polls.
const POLL_INTERVAL_MS = 60 * 60 * 1000
const CHECKPOINT_LIFETIME_MS = 24 * 60 * 60 * 1000
const REPLAY_MEMTABLE_BYTES = 64 * 1024 * 1024

/** Frees a builder after use, on failure too; a builder works once. */
async function built<T>(builder: { build(): Promise<T>; dispose(): void }): Promise<T> {
  try {
    return await builder.build()
  } finally {
    builder.dispose()
  }
}

/** Sets up a builder; frees it on failure. */
function configured<B extends { dispose(): void }>(builder: B, configure: (builder: B) => void): B {
  try {
    configure(builder)
    return builder
  } catch (error) {
    builder.dispose()
    throw error
  }
}

/** Resolves if the binding can be used. Errors: SHARD_ENGINE. */
export async function requireBinding(): Promise<void> {
  await loadBinding()
}

/** Opens a shard for writing with the official binding `@slatedb/uniffi`. */
export async function openWriter(
  o: EngineWriterOptions,
  given: SlateDbSettings | undefined,
): Promise<EngineWriter> {
  const where = 'native engine: openWriter'
  const binding = await loadBinding()
  o.signal?.throwIfAborted()
  const builder = configuredBuilder(binding, o, given, where)
  const release = (db: { dispose(): void }): void => db.dispose()
  const bounds = { where, url: o.url, timeoutMs: o.openTimeoutMs, signal: o.signal }
  const db = await nativeCall(() => openBounded(built(builder), release, bounds))
  return new NativeWriter(binding, db, o.url, o.objects)
}

function configuredBuilder(
  binding: Binding,
  o: EngineWriterOptions,
  given: SlateDbSettings | undefined,
  where: string,
) {
  const pairs = slateDbSettingPairs(given, where, {
    l0SstSizeBytes: tableBytes(o.memoryBytes),
  })
  const settings = binding.Settings.default()
  try {
    applySettings(pairs, settings, where)
    return withStore(binding, o, where, (store, path) =>
      configured(new binding.DbBuilder(path, store), (builder) => {
        builder.with_settings(settings)
        // A build reads nothing, and the cache would retain every table that is written.
        builder.with_db_cache_disabled()
      }),
    )
  } catch (error) {
    throw nativeError(error, where, o.url)
  } finally {
    settings.dispose()
  }
}

/** Opens a shard for reading with the same binding. */
export async function openReader(o: EngineReaderOptions): Promise<EngineReader> {
  const where = 'native engine: openReader'
  const binding = await loadBinding()
  await requireSealed(o, where)
  o.signal?.throwIfAborted()
  const builder = withStore(binding, o, where, (store, path) =>
    configured(new binding.DbReaderBuilder(path, store), (created) => {
      created.with_options({
        manifest_poll_interval_ms: POLL_INTERVAL_MS,
        checkpoint_lifetime_ms: CHECKPOINT_LIFETIME_MS,
        max_memtable_bytes: REPLAY_MEMTABLE_BYTES,
        // Shards of other writers may have data only in the log.
        skip_wal_replay: false,
      })
    }),
  )
  const release = (late: { dispose(): void }): void => late.dispose()
  const bounds = { where, url: o.url, timeoutMs: o.openTimeoutMs, signal: o.signal }
  const reader = await nativeCall(() => openBounded(built(builder), release, bounds))
  return new NativeReader(binding, reader, o.url, o.maxValueBytes)
}

/**
 * Refuses a damaged shard in a folder. Elsewhere the check would take requests; `verifySnapshot`
 * does it.
 *
 * The engine reads the manifest itself, so a manifest that changes in between goes unnoticed.
 */
async function requireSealed(
  { url, objects, seal, signal }: EngineReaderOptions,
  where: string,
): Promise<void> {
  if (seal === undefined || objects?.scheme !== 'file') return
  const found = await listShard(objects, url, { signal })
  if (found.size === 0) return
  const { problems } = await inspectShard(objects, url, seal, found, { signal })
  if (problems.length > 0) throw damagedShard(where, url, problems)
}

/** Resolves the store, passes it to `build`, and releases it, on failure too. */
function withStore<T>(
  binding: Binding,
  o: EngineWriterOptions | EngineReaderOptions,
  where: string,
  build: (store: ReturnType<typeof resolveStore>['store'], path: string) => T,
): T {
  try {
    const resolved = resolveStore(binding, o.url, o.env)
    try {
      return build(resolved.store, resolved.path)
    } finally {
      resolved.release()
    }
  } catch (error) {
    throw nativeError(error, where, o.url)
  }
}

function tableBytes(memoryBytes = DEFAULT_MEMORY_BYTES): number {
  const share = Math.floor(memoryBytes / MEMORY_PER_TABLE_BYTE)
  return Math.min(MAX_TABLE_BYTES, Math.max(MIN_TABLE_BYTES, share))
}
