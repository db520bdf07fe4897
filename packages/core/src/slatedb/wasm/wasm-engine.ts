import { timeout } from '../../errors/error-factories.js'
import { orTimeout } from '../../async/abort.js'
import type {
  EngineReader,
  EngineReaderOptions,
  EngineUpdate,
  EngineWriter,
  EngineWriterOptions,
} from '../../engine/engine.js'
import { DEFAULT_OPEN_TIMEOUT_MS } from '../../engine/open-timeout.js'
import { type SlateDbSettings, slateDbSettingPairs } from '../slatedb-settings.js'
import { newestManifest } from '../slatedb-seal.js'
import { sizeBlockCache } from './block-cache.js'
import { loadPackage } from './load-package.js'
import { ScratchParts } from './scratch-parts.js'
import { SealedObjects } from './sealed-objects.js'
import { wasmError } from './wasm-error.js'
import { WasmReader } from './wasm-reader.js'
import { shardStore } from './wasm-store.js'
import { WasmUpdate } from './wasm-update.js'
import { WasmWriter } from './wasm-writer.js'

type OpenOptions = EngineWriterOptions | EngineReaderOptions

/** Part of the memory of tables, in relation to that of rows. */
const TABLES_OF_ROWS = 0.4
/** Encoded blocks of a table that are not stored yet, and two buffers on their way. */
const PIECES_BYTES = 4 * 1024 * 1024
const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024
// Enough for the filters and indexes of a shard of some 60 MiB; the first lookup in a larger shard
// waits once more.
const PREFETCH_BYTES = 2 * 1024 * 1024

/**
 * Starts to compile the module: that takes longer than a request to storage, and runs at the same
 * time.
 */
export function prepare(): void {
  loadPackage()
    .then(({ loadSlateDb }) => loadSlateDb())
    // The error surfaces when a shard is opened.
    .catch(() => {})
}

/**
 * Memory for more rows if tables are stored in pieces: most of the part of `shareMemory` for tables,
 * without what the pieces of a table take.
 */
function spareBytes(memoryBytes: number): number {
  return Math.max(0, memoryBytes * TABLES_OF_ROWS - PIECES_BYTES)
}

/** Opens a shard for writing with SlateDB in WebAssembly, which does its I/O through `objects`. */
export async function openWriter(
  o: EngineWriterOptions,
  given: SlateDbSettings | undefined,
): Promise<EngineWriter> {
  const where = 'wasm engine: openWriter'
  const { SlateDbTableWriter } = await loadPackage()
  const store = shardStore(o.objects, o.url, where)
  const settings = settingsOf(given, where)
  const parts = o.openScratch && new ScratchParts(o.openScratch)
  const { memoryBytes = DEFAULT_MEMORY_BYTES, sealMemoryBytes } = o
  const opening = SlateDbTableWriter.open({
    store,
    settings,
    memoryBytes: store.upload === undefined ? memoryBytes : memoryBytes + spareBytes(memoryBytes),
    sealMemoryBytes,
    parts,
  })
  return new WasmWriter(await openBounded(opening, where, o), o.url, parts)
}

/**
 * Starts an update of a shard; `undefined` if the shard of `base` was not written in one go, or by
 * another engine.
 */
export async function openUpdate(
  base: EngineReader,
  begin: () => Promise<EngineWriterOptions>,
  given: SlateDbSettings | undefined,
): Promise<EngineUpdate | undefined> {
  const where = 'wasm engine: openUpdate'
  if (!(base instanceof WasmReader)) return undefined
  const old = base.updatable()
  if (old === undefined) return undefined
  const settings = settingsOf(given, where)
  const { SlateDbTableUpdate } = await loadPackage()
  const { objects, url, sealMemoryBytes: memoryBytes } = await begin()
  const store = shardStore(objects, url, where)
  try {
    return new WasmUpdate(SlateDbTableUpdate.open({ store, settings, memoryBytes, base: old }), url)
  } catch (error) {
    throw wasmError(error, where, url)
  }
}

function settingsOf(given: SlateDbSettings | undefined, where: string): Record<string, unknown> {
  const pairs = slateDbSettingPairs(given, where)
  return Object.fromEntries(pairs.map(([name, json]) => [name, JSON.parse(json) as unknown]))
}

/** Opens a shard for reading with the same engine; writes nothing to the shard. */
export async function openReader(
  o: EngineReaderOptions,
  cacheBytes: number | undefined,
): Promise<EngineReader> {
  const where = 'wasm engine: openReader'
  const sizing = sizeBlockCache(cacheBytes)
  // The first call of a thread starts the engine, which may fail.
  if (sizing !== undefined) {
    await sizing.catch((error: unknown) => {
      throw wasmError(error, where, o.url)
    })
  }
  const { SlateDbReader } = await loadPackage()
  const stored = shardStore(o.objects, o.url, where)
  const manifest = o.seal && newestManifest(Object.keys(o.seal.objects))
  const store =
    manifest === undefined ? stored : new SealedObjects(stored, o.seal!, manifest, o.url, where)
  const opening = SlateDbReader.open({
    store,
    prefetchBytes: PREFETCH_BYTES,
    maxValueBytes: o.maxValueBytes,
  })
  const reader = await openBounded(opening, where, o)
  return new WasmReader(reader, o.url)
}

/** Waits for an open within its bound; closes what opens too late. */
function openBounded<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
  where: string,
  { url, openTimeoutMs: timeoutMs = DEFAULT_OPEN_TIMEOUT_MS, signal }: OpenOptions,
): Promise<T> {
  const expired = (): Error =>
    timeout(
      where,
      `${url} did not open within ${timeoutMs} ms; check that its storage answers, or raise openTimeoutMs`,
      { details: { url, timeoutMs } },
    )
  // Convert here, not outside, so that the caller's own abort reason stays unchanged.
  const converted = opening.catch((error: unknown) => {
    throw wasmError(error, where, url)
  })
  return orTimeout(converted, { timeoutMs, expired, signal }, (late) => {
    late.close().catch(() => {})
  })
}
